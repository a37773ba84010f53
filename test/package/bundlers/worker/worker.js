import './program.js'
