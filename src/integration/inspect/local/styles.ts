const light = `
  --ground: #fbfbfd; --card: #ffffff; --line: #d5d8e0; --text: #1b1e27; --muted: #5b6170;
  --lit: #0b6bcb; --lit-ground: #e1effd; --left: #b8d6f5; --later: #9aa0ad; --wrong: #b3261e;`
const dark = `
  --ground: #14161b; --card: #1c1f26; --line: #383d49; --text: #e8eaf0; --muted: #a3a9b8;
  --lit: #7ab8ff; --lit-ground: #17324f; --left: #2a4a6d; --later: #6c7383; --wrong: #ffb4ab;`

const css = `
.rtci { ${light} color-scheme: light dark; font: 14px/1.45 system-ui, sans-serif; color: var(--text); background: var(--ground);
  box-sizing: border-box; min-block-size: 100%; padding: 12px 16px; display: flex; flex-direction: column; gap: 14px; }
@media (prefers-color-scheme: dark) { .rtci { ${dark} } }
.rtci *, .rtci *::before, .rtci *::after { box-sizing: border-box; }
.rtci header { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; }
.rtci h1 { font-size: 18px; margin: 0; }
.rtci h2 { font-size: 15px; margin: 0 0 6px; }
.rtci summary { cursor: pointer; }
.rtci .actor[open] > summary { margin-block-end: 6px; }
.rtci .live { color: var(--muted); font-variant-numeric: tabular-nums; }
.rtci .live[data-live]::before { content: '● '; color: var(--lit); }
.rtci .tools { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin-inline-start: auto; }
.rtci button, .rtci input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 3px 9px; }
.rtci input[type='range'] { padding: 0; inline-size: 130px; accent-color: var(--lit); }
.rtci input[type='search'] { inline-size: 190px; }
.rtci button { cursor: pointer; }
.rtci :focus-visible { outline: 2px solid var(--lit); outline-offset: 1px; }
.rtci .problem { color: var(--wrong); margin: 0; flex-basis: 100%; }
.rtci .problem:empty, .rtci .note:empty { display: none; }
.rtci .note { margin: 6px 0 0; color: var(--muted); }
.rtci .charts { display: flex; flex-wrap: wrap; gap: 10px; align-items: flex-start; }
.rtci .actor { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px 10px; max-inline-size: 100%; overflow-x: auto; inline-size: 100%; }
.rtci .actor:not([data-status='active']) { opacity: 0.72; }
.rtci .status { font-weight: 400; color: var(--muted); margin-inline-start: 4px; }
.rtci .regions { display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-start; }
.rtci .flow { display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-start; }
.rtci .flow > .state { position: relative; }
.rtci .flow > .state:has(+ .state[data-follows]) { margin-inline-end: 22px; max-inline-size: calc(100% - 22px); }
.rtci .flow > .state:has(+ .state[data-follows])::after { content: '→'; position: absolute; inset-inline-end: -19px; inset-block-start: 4px; color: var(--muted); }
.rtci .state { border: 1.5px solid var(--line); border-radius: 8px; padding: 4px 9px 6px; min-inline-size: 90px; max-inline-size: 100%; }
.rtci .regions > .state { border-style: dashed; }
.rtci .state ul { list-style: none; margin: 2px 0 0; padding: 0; font-size: 12px; color: var(--muted); max-inline-size: 270px; }
.rtci .state li { display: flex; gap: 4px; white-space: nowrap; }
.rtci .state .on { overflow: hidden; text-overflow: ellipsis; min-inline-size: 0; }
.rtci .state .to { color: var(--text); flex: none; }
.rtci .state .flow, .rtci .state .regions { margin-block-start: 6px; }
.rtci .state[data-lit='left'] { border-color: var(--left); box-shadow: inset 0 0 0 1px var(--left); }
.rtci .state[data-lit='active'] { border-color: var(--lit); box-shadow: inset 0 0 0 1px var(--lit); }
.rtci .state[data-lit='active']:not(:has(> .flow, > .regions)) { background: var(--lit-ground); }
.rtci .state[data-lit='active'] > b { color: var(--lit); }
.rtci .split { display: grid; grid-template-columns: minmax(0, 1fr) minmax(220px, 28%); gap: 10px; }
@media (max-width: 800px) { .rtci .split { grid-template-columns: minmax(0, 1fr); } }
.rtci .diagram { background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow: auto; block-size: 46vh; min-block-size: 220px; }
.rtci .scroll { min-inline-size: calc(var(--lanes, 1) * 80px + 156px); padding-inline-end: 72px; }
.rtci .lanes { display: grid; grid-template-columns: repeat(var(--lanes, 1), minmax(0, 1fr)); }
.rtci .heads { position: sticky; inset-block-start: 0; background: var(--card); border-block-end: 1px solid var(--line); padding: 5px 0; padding-inline-start: 84px; font-weight: 600; font-size: 12px; text-align: center; z-index: 1; }
.rtci .rows { list-style: none; margin: 0; padding: 0; }
.rtci .row { display: grid; grid-template-columns: 84px minmax(0, 1fr); inline-size: 100%; border: 0; border-radius: 0; background: none; padding: 0; text-align: start; min-block-size: 26px; align-items: center; }
.rtci .row:hover { background: var(--lit-ground); }
.rtci .row[aria-current] { background: var(--lit-ground); box-shadow: inset 3px 0 0 var(--lit); }
.rtci [data-later] { opacity: 0.45; }
.rtci time { color: var(--muted); font: 12px ui-monospace, monospace; padding-inline-start: 8px; white-space: nowrap; order: -1; }
.rtci .where { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.rtci .row .lanes { background: repeating-linear-gradient(to right, transparent 0, transparent calc((100% / var(--lanes, 1)) / 2 - 0.5px), var(--line) calc((100% / var(--lanes, 1)) / 2 - 0.5px), var(--line) calc((100% / var(--lanes, 1)) / 2 + 0.5px), transparent calc((100% / var(--lanes, 1)) / 2 + 0.5px), transparent calc(100% / var(--lanes, 1))); min-block-size: 26px; align-items: center; }
.rtci .arrow { position: relative; display: block; margin-inline: calc(100% / var(--span, 2) / 2); min-inline-size: 0; font-size: 12px; text-align: center; }
.rtci .arrow .label { display: inline-block; margin-inline: -60px; max-inline-size: calc(100% + 120px); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: 1px 6px; border-radius: 5px; background: var(--card); vertical-align: middle; }
.rtci .arrow.note { margin-inline: 2px; }
.rtci .arrow.note .label { margin-inline: 0; max-inline-size: 100%; }
.rtci .arrow.note .label { border: 1px solid var(--line); }
.rtci .arrow[data-moved] .label { border-color: var(--lit); background: var(--lit-ground); font-weight: 600; }
.rtci .arrow:not(.note) { border-block-end: 1.5px solid var(--muted); }
.rtci .arrow.right::after, .rtci .arrow.left::before { content: ''; position: absolute; inset-block-end: -5px; border: 4px solid transparent; }
.rtci .arrow.right::after { inset-inline-end: -1px; border-inline-start: 7px solid var(--muted); border-inline-end: 0; }
.rtci .arrow.left::before { inset-inline-start: -1px; border-inline-end: 7px solid var(--muted); border-inline-start: 0; }
.rtci .via { position: relative; grid-row: 1; justify-self: center; align-self: end; inline-size: 9px; block-size: 9px; border-radius: 50%; background: var(--muted); margin-block-end: -3px; }
.rtci .row .lanes > * { grid-row: 1; }
.rtci .payload { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px; margin: 0; overflow: auto; font: 12px/1.4 ui-monospace, monospace; max-block-size: 46vh; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (prefers-reduced-motion: no-preference) { .rtci .state { transition: border-color 0.15s, background-color 0.15s; } }
`

const styled = new WeakSet<Document>()

/** Adds the styles to a document once, in a way that a strict `style-src` allows. */
export function addStyles(document: Document): void {
  if (styled.has(document)) return
  styled.add(document)
  const view = document.defaultView as (Window & { readonly CSSStyleSheet?: typeof CSSStyleSheet }) | null
  if (view?.CSSStyleSheet && 'adoptedStyleSheets' in document) {
    const sheet = new view.CSSStyleSheet()
    sheet.replaceSync(css)
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
    return
  }
  const style = document.createElement('style')
  style.textContent = css
  document.head.append(style)
}
