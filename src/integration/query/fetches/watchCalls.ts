type Method = (...args: never[]) => unknown

/**
 * Hears the calls of a method before they happen, and changes nothing about them. Returns a function that ends it: if
 * someone else has put something in its place by then, it stays where it is and is silent.
 *
 * @param heard called with the arguments of each call
 */
export function watchCalls<Name extends string>(
  target: { [Key in Name]?: Method | undefined },
  name: Name,
  heard: (args: readonly unknown[]) => void,
): () => void {
  const before = target[name]
  const own = Object.getOwnPropertyDescriptor(target, name)
  let isOver = false
  const watched = function (this: unknown, ...args: never[]): unknown {
    if (!isOver) heard(args)
    return before?.apply(this, args)
  }
  // Refused by an object that is frozen, which then is not heard.
  Reflect.set(target, name, watched)
  return () => {
    isOver = true
    if (target[name] !== watched) return
    if (own) Object.defineProperty(target, name, own)
    else Reflect.deleteProperty(target, name)
  }
}
