/** The report's looks: system fonts, light and dark by the reader's setting, fit for paper. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--line:#d5dae0;--paper:#fff;--panel:#f5f7f9;--accent:#1f6fb2;--base:#b06000;--other:#8a949e}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ec;--soft:#9aa5b0;--line:#39424c;--paper:#15191e;--panel:#1d2329;--accent:#5aa9e6;--base:#e0a050;--other:#77828d}}
body{margin:2rem auto;max-width:60rem;padding:0 1rem;background:var(--paper);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
.lead,.legend,dt,summary{color:var(--soft)}.legend{font-size:12px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft)}td,th{padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
.wraps{white-space:normal;display:inline-block;max-width:17rem}small{color:var(--soft);display:block}
pre{background:var(--panel);padding:.8rem;overflow-x:auto;font:12px/1.5 ui-monospace,monospace}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}dd{margin:0;overflow-wrap:anywhere}
.source{font-size:12px;padding:0 .4rem;border:1px solid var(--line);border-radius:.6rem}.source.predicted{border-style:dashed}
svg{width:100%;height:auto;font:11px system-ui,sans-serif}svg text{fill:var(--soft)}svg .label{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.grid{stroke:var(--line)}.front{fill:none;stroke:var(--soft);stroke-dasharray:4 3}.bar{fill:var(--accent)}.base{fill:var(--base)}
.point{stroke:var(--other);fill:var(--other)}.point.this{stroke:var(--accent);fill:var(--accent)}.point.baseline{stroke:var(--base);fill:var(--base)}
.point.predicted circle{fill:var(--paper)}
@media print{body{margin:0;max-width:none}details{display:block}}
`;
