declare const process: { readonly env: { readonly NODE_ENV?: string } }

/**
 * What a chart says of itself or of a state, for inspectors and devtools in development. In production it says
 * nothing, and this form is one whose calls bundlers leave out together with their texts.
 */
// The types of XState know no description that is `undefined`, which it treats as none.
export function describe(text: string): string
export function describe(text: string): string | undefined {
  if (process.env.NODE_ENV !== 'production') return text
}
