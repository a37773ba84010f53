/**
 * Counts the components that hold something: the returned function is called by each that comes, and what it returns by
 * each that goes. `left` is told when nobody is there any more, maybe more than once.
 */
export function countHolders(left: () => void): () => () => void {
  let holders = 0
  return () => {
    holders += 1
    return () => {
      holders -= 1
      // StrictMode unmounts and mounts again in one go, so only the next microtask knows whether it was for good.
      queueMicrotask(() => {
        if (holders === 0) left()
      })
    }
  }
}
