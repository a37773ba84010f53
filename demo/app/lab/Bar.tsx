/** A figure, and its share of the largest as a bar. */
export function Bar({ share, text }: { readonly share: number; readonly text: string }) {
  return (
    <span className="bar-with-text">
      <span className="bar-track" aria-hidden="true">
        <span style={{ inlineSize: `${100 * share}%` }} />
      </span>
      <span className="bar-text">{text}</span>
    </span>
  )
}
