/** Versions by package. */
export type Versions = Readonly<Record<string, string>>

/** The oldest release that each range of `peerDependencies` lets in, and the oldest compiler that reads the types. */
export const oldest: Versions = {
  typescript: '5.4.5',
  '@tanstack/react-query': '5.90.1',
  xstate: '5.30.0',
  '@supabase/supabase-js': '2.56.0',
  '@statelyai/inspect': '0.7.1',
  react: '18.0.0',
  'react-dom': '18.0.0',
  '@types/react': '18.2.0',
  '@types/react-dom': '18.2.0',
}

export const newest: Versions = {
  typescript: 'latest',
  '@tanstack/react-query': '^5',
  xstate: '^5',
  '@supabase/supabase-js': '^2',
  '@statelyai/inspect': '^0',
  react: '^19',
  'react-dom': '^19',
  '@types/react': '^19',
  '@types/react-dom': '^19',
}

/** The newest versions of these alone. */
export const newestOf = (...names: readonly string[]): Versions =>
  Object.fromEntries(names.map((name) => [name, newest[name] ?? 'latest']))
