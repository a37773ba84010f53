#!/usr/bin/env node
import { runCommandLine } from '../dist/integration/sql/commandLine.js'

const { text, hasFailed } = runCommandLine(process.argv.slice(2))
const stream = hasFailed ? process.stderr : process.stdout
stream.write(`${text}\n`)
if (hasFailed) process.exitCode = 1
