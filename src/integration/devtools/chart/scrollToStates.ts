/**
 * Scrolls the frame of a drawing, and nothing around it, until the first of the states that is drawn can be seen. A frame
 * that shows it already stays as it is.
 */
export function scrollToStates(frame: Element, ids: readonly string[]): void {
  const boxes = ids.flatMap((id) =>
    [...frame.querySelectorAll(`[data-id="${id}"]`)].map((one) => one.getBoundingClientRect()),
  )
  // One in a region that is folded up has no size.
  const box = boxes.find(({ width }) => width > 0)
  if (!box) return
  const { left, right, top, bottom } = frame.getBoundingClientRect()
  frame.scrollLeft += towards([left, right], [box.left, box.right])
  frame.scrollTop += towards([top, bottom], [box.top, box.bottom])
}

type Span = readonly [start: number, end: number]

/** How far to move for a span to lie in the middle of another one; 0 if it lies within that. */
const towards = (outer: Span, inner: Span): number =>
  inner[0] >= outer[0] && inner[1] <= outer[1] ? 0 : (inner[0] + inner[1] - outer[0] - outer[1]) / 2
