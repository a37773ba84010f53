const light = `--rtc-bg: #ffffff; --rtc-raised: #f6f7f9; --rtc-text: #1c2430; --rtc-dim: #556070; --rtc-line: #d7dce3;
  --rtc-accent: #0b62c4; --rtc-lit: #dcebff; --rtc-warm: #9a5200; --rtc-warm-lit: #ffedd3; --rtc-good: #17713a;
  --rtc-bad: #b3261e; color-scheme: light;`
const dark = `--rtc-bg: #14181f; --rtc-raised: #1d232c; --rtc-text: #e6eaf0; --rtc-dim: #a3afbf; --rtc-line: #38424f;
  --rtc-accent: #7db7ff; --rtc-lit: #173a63; --rtc-warm: #ffb968; --rtc-warm-lit: #4a3213; --rtc-good: #6fd695;
  --rtc-bad: #ff8f85; color-scheme: dark;`

/** Everything the panel needs to look right, under its own class names. */
export const styles = `
.rtc, .rtc-float { ${light} }
.rtc[data-theme='dark'], .rtc-float[data-theme='dark'] { ${dark} }
@media (prefers-color-scheme: dark) { .rtc[data-theme='system'], .rtc-float[data-theme='system'] { ${dark} } }
.rtc { container-type: inline-size; box-sizing: border-box; background: var(--rtc-bg); color: var(--rtc-text);
  font: 13px/1.45 system-ui, sans-serif; text-align: left; padding: 12px; overflow-wrap: anywhere; }
.rtc *, .rtc-float > * { box-sizing: border-box; }
.rtc :where(h2, h3, h4, p, ul, ol, dl, dd, figure, fieldset) { margin: 0; padding: 0; border: 0; min-width: 0; }
.rtc :where(ul, ol) { list-style: none; }
.rtc h2 { font-size: 14px; font-weight: 650; }
.rtc h3 { font-size: 13px; font-weight: 650; margin: 10px 0 4px; }
.rtc h4 { font-size: 12px; font-weight: 650; margin: 6px 0 2px; color: var(--rtc-dim); }
.rtc code { font: 12px/1.4 ui-monospace, monospace; background: none; color: inherit; padding: 0; }
.rtc header { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.rtc :where(button, select, input), .rtc-toggle { font: inherit; color: var(--rtc-text); background: var(--rtc-raised);
  border: 1px solid var(--rtc-line); border-radius: 6px; padding: 4px 10px; min-height: 30px; cursor: pointer; }
.rtc :where(input[type='number']) { width: 9ch; padding: 4px 6px; cursor: text; }
.rtc :where(input[type='checkbox']) { min-height: 0; width: 16px; height: 16px; }
.rtc :where(button, select, input):disabled { opacity: 0.55; cursor: default; }
.rtc button[aria-pressed='true'] { background: var(--rtc-lit); border-color: var(--rtc-accent); }
.rtc :focus-visible, .rtc-toggle:focus-visible { outline: 2px solid var(--rtc-accent); outline-offset: 1px; }
.rtc-phase, .rtc-status { border: 1px solid var(--rtc-line); border-radius: 999px; padding: 1px 10px; }
.rtc-phase { min-width: 10ch; text-align: center; }
.rtc-phase[data-phase='collecting'] { background: var(--rtc-lit); border-color: var(--rtc-accent); }
.rtc-phase[data-phase='flushing'] { background: var(--rtc-warm-lit); border-color: var(--rtc-warm); }
.rtc-status[data-status='live'] { color: var(--rtc-good); border-color: currentColor; }
.rtc-status[data-status='interrupted'] { color: var(--rtc-bad); border-color: currentColor; }
.rtc-counters { display: flex; flex-wrap: wrap; gap: 6px; margin: 10px 0 !important; }
.rtc-counters > div { flex: 1 1 82px; display: flex; flex-direction: column-reverse; justify-content: flex-end; background: var(--rtc-raised);
  border: 1px solid var(--rtc-line); border-radius: 6px; padding: 4px 8px !important; }
.rtc-counters dt { color: var(--rtc-dim); font-size: 11px; }
.rtc-counters dd { font-size: 15px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.rtc-counters [data-lead] dd { color: var(--rtc-good); font-weight: 650; }
.rtc-counters [data-lead] { flex: 2 1 170px; }
.rtc-controls { display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-start; }
.rtc-controls fieldset { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.rtc-controls form label { display: inline-flex; align-items: center; gap: 6px; }
.rtc-timing form { padding-top: 8px; }
.rtc summary { cursor: pointer; padding: 3px 0; }
.rtc-columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 20px; }
@container (min-width: 940px) { .rtc-columns { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } }
.rtc-columns > div { min-width: 0; }
.rtc-hint, .rtc-dim { color: var(--rtc-dim); font-weight: 400; }
.rtc-line { min-height: 1.5em; margin-block: 4px !important; }
.rtc-scroll { overflow: auto; border-top: 1px solid var(--rtc-line); overflow-anchor: none; scrollbar-gutter: stable; }
.rtc-pending .rtc-scroll { height: 132px; }
.rtc-pending li { display: flex; flex-wrap: wrap; gap: 2px 8px; padding: 3px 0; border-bottom: 1px solid var(--rtc-line); }
.rtc-pending .rtc-sources { flex: 1 1 0; min-width: 8ch; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; margin: 0; }
.rtc-pending progress { flex-basis: 100%; height: 3px; appearance: none; border: 0; background: none; }
.rtc-pending progress::-webkit-progress-bar { background: none; }
.rtc-pending progress::-webkit-progress-value { background: var(--rtc-accent); }
.rtc-pending progress::-moz-progress-bar { background: var(--rtc-accent); }
.rtc-waits li { padding: 3px 0; }
.rtc-gaps { vertical-align: bottom; margin-left: 4px; }
.rtc-gaps rect { fill: var(--rtc-dim); opacity: .45; }
.rtc-gaps [data-covered] { fill: var(--rtc-accent); opacity: 1; }
.rtc-age { margin-left: auto; color: var(--rtc-dim); font-variant-numeric: tabular-nums; white-space: nowrap; }
.rtc-sources { color: var(--rtc-dim); margin-left: 6px; }
.rtc-bar-of-tools { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin-top: 10px; }
.rtc-bar-of-tools h3 { margin: 0; }
.rtc-bar-of-tools input { flex: 1 1 100px; min-width: 0; cursor: text; }
.rtc-bar-of-tools textarea { flex: 1 1 100%; font: 11px/1.4 ui-monospace, monospace; color: var(--rtc-text);
  background: var(--rtc-raised); border: 1px solid var(--rtc-line); }
.rtc-timeline .rtc-scroll { height: 420px; }
.rtc-timeline ol > li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 8px; padding: 2px 4px;
  border-bottom: 1px solid var(--rtc-line); align-items: start; }
.rtc-timeline time { color: var(--rtc-dim); font: 11px/1.45 ui-monospace, monospace; padding-top: 4px; white-space: nowrap; }
.rtc .rtc-summary { display: block; width: 100%; min-height: 24px; text-align: left; background: none; border: 0;
  border-radius: 4px; padding: 2px 4px; overflow-wrap: anywhere; }
.rtc .rtc-summary::before { content: '▸ '; color: var(--rtc-dim); }
.rtc .rtc-summary[aria-expanded='true']::before { content: '▾ '; }
.rtc .rtc-summary:hover { background: var(--rtc-raised); }
.rtc-details { padding: 2px 4px 6px 16px; }
.rtc-reason { color: var(--rtc-accent); font-weight: 650; }
.rtc-cause { color: var(--rtc-warm); font-weight: 650; }
.rtc-timeline ol > li > span { padding: 2px 4px; }
.rtc-outcome > span { margin-left: 6px; }
.rtc-failure, .rtc-outcome [data-state='error'] { color: var(--rtc-bad); }
.rtc-outcome [data-state='fetching'] { color: var(--rtc-dim); }
.rtc-keys { padding-left: 10px !important; color: var(--rtc-dim); }
.rtc-keys code { color: var(--rtc-text); }
.rtc-fetch { border-radius: 4px; padding: 0 5px; background: var(--rtc-raised); white-space: nowrap; }
.rtc-fetch[data-state='success'] { color: var(--rtc-good); }
.rtc-fetch[data-state='error'] { color: var(--rtc-bad); }
.rtc-fetch[data-state='fetching'] { color: var(--rtc-accent); }
.rtc-charts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 10px; align-content: start; padding-top: 10px !important; }
.rtc-chart figcaption { display: flex; gap: 2px 8px; align-items: center; min-height: 30px; }
.rtc-chart figcaption strong { white-space: nowrap; }
.rtc-chart figcaption .rtc-states { flex: 1; min-width: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.rtc .rtc-zoom select { min-height: 24px; padding: 1px 4px; }
.rtc-states { color: var(--rtc-accent); }
.rtc-drawing { overflow: auto; border: 1px solid var(--rtc-line); border-radius: 6px; padding: 6px; margin-top: 4px;
  max-height: min(640px, 80vh); contain: content; }
.rtc-region { min-width: 0; }
.rtc-region .rtc-hint { padding: 0 6px 2px !important; }
.rtc-region + .rtc-region { margin-top: 4px; }
.rtc .rtc-region > button { min-height: 24px; padding: 1px 6px; background: none; border: 0; font-weight: 650; color: var(--rtc-dim); }
.rtc .rtc-region > button::before { content: '▸ '; }
.rtc .rtc-region > button[aria-expanded='true']::before { content: '▾ '; }
.rtc-drawing[data-zoom='fixed'] svg { width: calc(var(--rtc-width) * var(--rtc-zoom)); }
.rtc-drawing[data-zoom='fit'] svg { width: var(--rtc-width); max-width: 100%; min-width: min(var(--rtc-width), max(520px, 0.5 * var(--rtc-width))); }
.rtc-drawing svg { display: block; height: auto; font: 13px system-ui, sans-serif;
  --bg: var(--rtc-bg); --_text: var(--rtc-text); --_text-sec: var(--rtc-dim); --_text-muted: var(--rtc-dim);
  --_text-faint: var(--rtc-dim); --_line: var(--rtc-dim); --_arrow: var(--rtc-dim); --_node-fill: var(--rtc-raised);
  --_node-stroke: var(--rtc-line); --_group-fill: var(--rtc-bg); --_group-hdr: var(--rtc-raised);
  --_inner-stroke: transparent; --_key-badge: var(--rtc-raised); }
.rtc-drawing text { font-family: system-ui, sans-serif; }
.rtc-drawing [data-lit='active'] > rect { fill: var(--rtc-lit); stroke: var(--rtc-accent); stroke-width: 2; }
.rtc-drawing [data-id^='anyIn_'] > rect { fill: none; stroke: var(--rtc-dim); stroke-dasharray: 4 3; }
.rtc-drawing .subgraph[data-lit='active'] > rect { fill: var(--rtc-bg); }
.rtc-drawing .subgraph[data-lit='active'] > rect + rect { fill: var(--rtc-lit); }
.rtc-drawing [data-lit='visited'] > rect { fill: var(--rtc-warm-lit); stroke: var(--rtc-warm); stroke-width: 2; }
.rtc-drawing .subgraph[data-lit='visited'] > rect { fill: var(--rtc-bg); }
.rtc-drawing .subgraph[data-lit='visited'] > rect + rect { fill: var(--rtc-warm-lit); }
.rtc-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.rtc-float { position: fixed; z-index: 99999; inset: auto 12px 12px 12px; display: flex; flex-direction: column; gap: 8px;
  pointer-events: none; font: 13px/1.45 system-ui, sans-serif; }
.rtc-float > * { pointer-events: auto; }
.rtc-float .rtc { max-height: min(70vh, 760px); overflow: auto; border: 1px solid var(--rtc-line); border-radius: 10px;
  box-shadow: 0 8px 30px rgb(0 0 0 / 0.25); }
.rtc-float .rtc-toggle { align-self: flex-end; background: var(--rtc-bg); box-shadow: 0 2px 8px rgb(0 0 0 / 0.25); }
.rtc-float[data-position='bottom-left'] .rtc-toggle { align-self: flex-start; }
`
