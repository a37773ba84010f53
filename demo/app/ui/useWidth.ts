import { type RefCallback, useCallback, useState } from 'react'

/** The width of an element in pixels, and the ref to give to it. */
export function useWidth(first: number): readonly [width: number, ref: RefCallback<Element>] {
  const [width, setWidth] = useState(first)
  const ref = useCallback((element: Element | null) => {
    if (!element) return undefined
    const observer = new ResizeObserver(
      ([entry]) => entry && setWidth(Math.max(200, Math.round(entry.contentRect.width))),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [width, ref]
}
