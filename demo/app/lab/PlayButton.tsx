import type { Playing } from './usePlaying.ts'

interface PlayButtonProps {
  readonly playing: Playing
  readonly text: string
  play(): Promise<unknown>
}

/** Plays what a card shows, once nothing else is being played. */
export function PlayButton({ playing, text, play }: PlayButtonProps) {
  return (
    <button
      type="button"
      className="button primary"
      aria-disabled={playing.title !== undefined}
      onClick={() => void play()}
    >
      {text}
    </button>
  )
}
