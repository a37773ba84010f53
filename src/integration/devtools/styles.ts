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
.rtc-space { flex: 1; }
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
.rtc-counters { display: grid; grid-template-columns: repeat(auto-fit, minmax(84px, 1fr)); gap: 6px; margin: 10px 0 !important; }
.rtc-counters > div { display: flex; flex-direction: column-reverse; background: var(--rtc-raised);
  border: 1px solid var(--rtc-line); border-radius: 6px; padding: 4px 8px !important; }
.rtc-counters dt { color: var(--rtc-dim); font-size: 11px; }
.rtc-counters dd { font-size: 15px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.rtc-counters [data-lead] dd { color: var(--rtc-good); font-weight: 650; }
@container (max-width: 520px) { .rtc-counters [data-lead] { grid-column: span 2; } }
.rtc-controls { display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-start; }
.rtc-controls fieldset { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.rtc-controls form label { display: inline-flex; align-items: center; gap: 6px; }
.rtc-timing form { padding-top: 8px; }
.rtc summary { cursor: pointer; padding: 3px 0; }
.rtc-columns { display: grid; gap: 0 20px; }
@container (min-width: 860px) { .rtc-columns { grid-template-columns: minmax(300px, 2fr) 3fr; } }
.rtc-columns > div { min-width: 0; }
.rtc-hint { color: var(--rtc-dim); }
.rtc-count { color: var(--rtc-dim); font-weight: 400; }
.rtc-pending li { position: relative; display: flex; flex-wrap: wrap; gap: 2px 8px; padding: 3px 0 5px;
  border-bottom: 1px solid var(--rtc-line); }
.rtc-waits li { padding: 3px 0; }
.rtc-gaps { vertical-align: bottom; margin-left: 4px; }
.rtc-gaps rect { fill: var(--rtc-dim); opacity: .45; }
.rtc-gaps [data-covered] { fill: var(--rtc-accent); opacity: 1; }
.rtc-bar { position: absolute; left: 0; bottom: -1px; height: 2px; background: var(--rtc-accent); }
.rtc-age { margin-left: auto; color: var(--rtc-dim); font-variant-numeric: tabular-nums; white-space: nowrap; }
.rtc-sources { color: var(--rtc-dim); margin-left: 6px; }
.rtc-scroll { max-height: 420px; overflow: auto; border-top: 1px solid var(--rtc-line); }
.rtc-timeline ol > li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 8px; padding: 3px 4px;
  border-bottom: 1px solid var(--rtc-line); align-items: start; }
.rtc-timeline time { color: var(--rtc-dim); font: 11px/1.45 ui-monospace, monospace; padding-top: 5px; white-space: nowrap; }
.rtc-waited { color: var(--rtc-dim); }
.rtc-reason { color: var(--rtc-accent); font-weight: 650; }
.rtc-timeline ol > li > span { padding: 3px 0; }
.rtc-failure { color: var(--rtc-bad); }
.rtc-keys { padding-left: 10px !important; color: var(--rtc-dim); }
.rtc-keys code { color: var(--rtc-text); }
.rtc-fetch { border-radius: 4px; padding: 0 5px; background: var(--rtc-raised); white-space: nowrap; }
.rtc-fetch[data-state='success'] { color: var(--rtc-good); }
.rtc-fetch[data-state='error'] { color: var(--rtc-bad); }
.rtc-fetch[data-state='fetching'] { color: var(--rtc-accent); }
.rtc-charts { display: grid; gap: 10px; align-content: start; padding-top: 10px !important; }
.rtc-states { color: var(--rtc-accent); }
.rtc-drawing { overflow: auto; border: 1px solid var(--rtc-line); border-radius: 6px; padding: 6px; margin-top: 4px;
  max-height: min(900px, 90vh); }
.rtc-drawing > div { display: flex; flex-wrap: wrap; gap: 6px 14px; justify-content: center; align-items: flex-start; }
.rtc-region { min-width: 0; }
.rtc-region p { color: var(--rtc-dim); font-weight: 650; }
.rtc-drawing svg { display: block; width: var(--rtc-width); max-width: 100%; height: auto;
  min-width: min(var(--rtc-width), max(560px, 0.6 * var(--rtc-width)));
  --bg: var(--rtc-bg); --_text: var(--rtc-text); --_text-sec: var(--rtc-dim); --_text-muted: var(--rtc-dim);
  --_text-faint: var(--rtc-dim); --_line: var(--rtc-dim); --_arrow: var(--rtc-dim); --_node-fill: var(--rtc-raised);
  --_node-stroke: var(--rtc-line); --_group-fill: var(--rtc-bg); --_group-hdr: var(--rtc-raised);
  --_inner-stroke: transparent; --_key-badge: var(--rtc-raised); }
.rtc-drawing text { font-family: system-ui, sans-serif; }
.rtc-drawing [data-lit] > rect { transition: fill 0.15s, stroke 0.15s; }
.rtc-drawing [data-lit='active'] > rect { fill: var(--rtc-lit); stroke: var(--rtc-accent); stroke-width: 2; }
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
@media (prefers-reduced-motion: reduce) { .rtc-drawing [data-lit] > rect { transition: none; } }
`
