import { focusManager, onlineManager } from '@tanstack/react-query'

/** Whether the page is visible and online. */
export const isPageAwake = (): boolean => focusManager.isFocused() && onlineManager.isOnline()

/** Calls back when the page is visible and online again; returns a function that ends it. */
export function watchPage(awake: () => void): () => void {
  const check = (): void => {
    if (isPageAwake()) awake()
  }
  const unsubscribes = [focusManager.subscribe(check), onlineManager.subscribe(check)]
  return () => {
    for (const unsubscribe of unsubscribes) unsubscribe()
  }
}
