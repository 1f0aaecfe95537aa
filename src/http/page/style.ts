/**
 * Style sheet of the pages.
 *
 * @module
 */

/** CSS. */
export const STYLE: string = String.raw`:root {
  color-scheme: light dark;
  --ground: #f4f6f6;
  --card: #ffffff;
  --text: #16211f;
  --quiet: #52605d;
  --line: #d5dddb;
  --accent: #0b6e63;
  --good: #146c43;
  --good-ground: #dff3e8;
  --warn: #7a4a00;
  --warn-ground: #fdedcf;
  --bad: #a3160f;
  --bad-ground: #fde4e1;
  --radius: 10px;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1615;
    --card: #18211f;
    --text: #e6eeec;
    --quiet: #a3b3af;
    --line: #2f3c39;
    --accent: #5fd3c3;
    --good: #7ddfa9;
    --good-ground: #12351f;
    --warn: #f5c26b;
    --warn-ground: #3b2a0b;
    --bad: #ff9d94;
    --bad-ground: #481612;
  }
}
* { box-sizing: border-box; }
html { font: 16px/1.5 ui-sans-serif, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; scroll-padding-top: 4rem; }
body { margin: 0; background: var(--ground); color: var(--text); overflow-wrap: anywhere; }
a { color: var(--accent); }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
[hidden] { display: none !important; }
code { font: 0.93em ui-monospace, "DejaVu Sans Mono", monospace; }
h1, h2, h3 { line-height: 1.25; margin: 0; }
h1 { font-size: 1.6rem; }
h2 { font-size: 1.15rem; }
h3 { font-size: 1rem; margin-top: 0.75rem; }
.quiet { color: var(--quiet); font-size: 0.875rem; }
.skip { position: absolute; left: -100vw; background: var(--card); padding: 0.5rem 1rem; z-index: 2; }
.skip:focus { left: 0.5rem; top: 0.5rem; }

.bar {
  position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 0.25rem 1rem;
  align-items: center; padding: 0.5rem clamp(0.75rem, 3vw, 2rem);
  background: var(--card); border-bottom: 1px solid var(--line);
}
.bar .brand { font-weight: 700; color: var(--text); text-decoration: none; }
.bar nav { margin-left: auto; }
#connection { margin: 0; padding: 0.1rem 0.7rem; border-radius: 1rem; font-size: 0.875rem; }
#connection::before { content: "\25cf\00a0"; }
#connection[data-kind="static"], #connection[data-kind="connecting"] { color: var(--quiet); }
#connection[data-kind="live"] { background: var(--good-ground); color: var(--good); }
#connection[data-kind="lost"] { background: var(--bad-ground); color: var(--bad); font-weight: 700; }
[data-connection="lost"] #services { opacity: 0.75; }

main { padding: 0.9rem clamp(0.75rem, 3vw, 2rem) 3rem; max-width: 110rem; margin: 0 auto; }
.intro { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; align-items: center; margin-bottom: 0.6rem; }
.intro p { margin: 0; color: var(--quiet); }
#summary .bad { color: var(--bad); font-weight: 700; }
#summary .good { color: var(--good); font-weight: 600; }
form[role="search"] { margin-left: auto; display: flex; flex-wrap: wrap; gap: 0.35rem 0.5rem; align-items: center; }
form[role="search"] label { color: var(--quiet); font-size: 0.875rem; }
form[role="search"] input { width: 17rem; }
input::placeholder { color: var(--quiet); opacity: 1; }
.script form[role="search"] button { display: none; }
input, button { font: inherit; color: inherit; padding: 0.35rem 0.7rem; border: 1px solid var(--quiet); border-radius: 6px; background: var(--card); min-width: 0; }
button { cursor: pointer; background: var(--accent); color: var(--card); border-color: var(--accent); }

.banner { margin: 0 0 0.7rem; padding: 0.55rem 0.9rem; border-radius: 8px; border-left: 5px solid currentColor; }
.banner p { margin: 0; }
.banner p + p { margin-top: 0.2rem; }
.banner.bad { color: var(--bad); background: var(--bad-ground); }
.banner.warn { color: var(--warn); background: var(--warn-ground); }
.banner.good { color: var(--good); background: var(--good-ground); }

.tabs { display: flex; flex-wrap: wrap; gap: 0.35rem; margin-bottom: 0.7rem; }
.tabs a {
  padding: 0.2rem 0.75rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card);
  color: var(--text); text-decoration: none; font-size: 0.9rem;
}
.tabs a:hover { border-color: var(--quiet); }
.tabs a.bad b { color: var(--bad); }
.tabs a.warn b { color: var(--warn); }
.tabs a[aria-current] { background: var(--text); border-color: var(--text); color: var(--card); }
.tabs a[aria-current] b { color: inherit; }
.pager { display: flex; gap: 1rem; justify-content: center; padding-top: 0.6rem; }

.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(15rem, 19rem); gap: 1rem; align-items: start; }
.side { display: grid; gap: 1rem; min-width: 0; }
.halves { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; align-items: start; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.7rem 1rem; min-width: 0; }
main > .card, .halves { margin-bottom: 1rem; }
.card > :last-child { margin-bottom: 0; }
.card > h2 { margin-bottom: 0.5rem; }
#services { padding: 0.2rem 1rem 0.6rem; }
.path { margin: 0; font-size: 0.9rem; }
h1 { margin-bottom: 0.5rem; }
.intro h1 { margin-bottom: 0; }
.empty { margin: 0.5rem 0; color: var(--bad); font-weight: 600; }
.note { padding: 0 clamp(0.75rem, 3vw, 2rem); }

table { width: 100%; border-collapse: collapse; font-size: 0.925rem; }
thead th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 0.8rem; white-space: nowrap; }
th, td { padding: 0.3rem 1rem 0.3rem 0; border-top: 1px solid var(--line); vertical-align: top; text-align: left; font-weight: 400; }
thead th { border-top: 0; }
th:last-child, td:last-child { padding-right: 0; }
.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }

.lines { table-layout: fixed; }
.lines th:first-child { width: 28%; }
.lines thead .number { width: 6.2rem; }
.lines thead .spark { width: 6rem; }
.lines td, .lines tbody th { padding-top: 0.22rem; padding-bottom: 0.22rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.lines tbody a { color: inherit; text-decoration-color: var(--line); }
.lines tbody tr:hover { background: var(--ground); }
.lines .state { color: var(--good); }
.lines .state::before { content: "\25cf\00a0"; }
.lines .state span { color: var(--text); margin-left: 0.6rem; }
.lines .age { color: var(--quiet); }
.lines .bad th a, .lines .warn th a { font-weight: 700; }
.lines .bad .state { color: var(--bad); }
.lines .bad .state::before { content: "\25b2\00a0"; }
.lines .warn .state { color: var(--warn); }
.lines .warn .state::before { content: "\25c6\00a0"; }
.lines .some .state span { color: var(--warn); }
.spark svg.spark { display: block; width: 100%; height: 1.3rem; margin-top: 0.1rem; }
svg.spark path { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }

.instances tbody th code { display: block; white-space: nowrap; }
.instances td .quiet { display: block; }
.instances tr.checks td { border-top: 0; padding-top: 0; }
.check { margin: 0 0 0.5rem; padding: 0.1rem 0 0.1rem 0.8rem; border-left: 4px solid var(--bad); }
.check.passing { border-color: var(--good); }
.check.warning, .check.maintenance { border-color: var(--warn); }
.check p { margin: 0; }
.check pre { margin: 0.15rem 0 0; }
pre { font: 0.86rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 14rem; overflow: auto; }
.command { margin: 0.4rem 0; padding: 0.6rem 0.8rem; background: var(--ground); border: 1px solid var(--line); border-radius: 6px; }
.badge { display: inline-block; padding: 0 0.6rem; border-radius: 1rem; font-size: 0.85rem; background: var(--bad-ground); color: var(--bad); }
.badge.passing { background: var(--good-ground); color: var(--good); }
.badge.warning, .badge.maintenance, .badge.ejected, .badge.unlisted { background: var(--warn-ground); color: var(--warn); }
.tag { display: inline-block; margin: 0 0.3rem 0.2rem 0; padding: 0 0.45rem; border: 1px solid var(--line); border-radius: 5px; font-size: 0.85rem; }
.facts { display: flex; flex-wrap: wrap; gap: 0.3rem 2.5rem; margin: 0; }
.facts dt { color: var(--quiet); font-size: 0.8rem; }
.facts dd { font-weight: 600; margin: 0; }

.chart { margin: 0 0 0.8rem; }
.chart figcaption { color: var(--quiet); font-size: 0.875rem; }
.plot { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.1rem 0.5rem; margin-top: 0.4rem; }
.plot svg.spark { width: 100%; height: 6.5rem; border-left: 1px solid var(--quiet); border-bottom: 1px solid var(--quiet); }
.scale { display: flex; justify-content: space-between; color: var(--quiet); font-size: 0.8rem; line-height: 1; }
.scale.y { flex-direction: column; text-align: right; padding: 0.25rem 0; font-variant-numeric: tabular-nums; }
.scale.x { grid-column: 2; }

.timeline { list-style: none; margin: 0.5rem 0 0; padding: 0; font-size: 0.9rem; }
.timeline li { padding: 0.4rem 0 0.4rem 0.8rem; border-left: 4px solid var(--line); margin-bottom: 0.3rem; }
.timeline .good { border-color: var(--good); }
.timeline .loss { border-color: var(--warn); }
.timeline .bad { border-color: var(--bad); }
.timeline time { color: var(--quiet); font-size: 0.8rem; margin-right: 0.35rem; white-space: nowrap; }
.timeline a { font-weight: 600; margin-right: 0.35rem; display: inline-block; max-width: 100%; }

.login { max-width: 24rem; margin: 15vh auto 0; }
.login form { display: grid; gap: 0.6rem; margin-top: 1rem; }
.rejected { color: var(--bad); margin: 0; }
.docs { max-width: 60rem; }
.docs .card { margin: 1rem 0; }
.docs nav ul { padding-left: 1.1rem; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) minmax(0, 1fr); gap: 0.25rem 1rem; margin: 0.5rem 0; }
dt, dd { margin: 0; }

@media (prefers-reduced-motion: no-preference) {
  .new { animation: new 2.5s ease-out; }
  @keyframes new { from { background: var(--warn-ground); } }
}
@media (max-width: 62rem) {
  .columns, .halves { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 40rem) {
  form[role="search"], form[role="search"] input { width: 100%; margin-left: 0; }
  .card { padding: 0.6rem 0.75rem; }
  #services { padding: 0 0.75rem 0.6rem; }
  form[role="search"] label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .tabs { flex-wrap: nowrap; overflow-x: auto; padding: 4px; margin: -4px -4px 0.4rem; }
  .tabs a { flex: none; padding: 0.4rem 0.75rem; }
  table, thead, tbody, tr, td, tbody th { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border-top: 1px solid var(--line); }
  tbody tr:first-child { border-top: 0; }
  td, tbody th { border: 0; padding: 0; text-align: left; }
  .lines tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.75rem; padding: 0.3rem 0; min-height: 2.75rem; align-items: center; line-height: 1.3; }
  .lines tbody th:first-child { width: auto; padding: 0.15rem 0; }
  .lines .state { grid-column: 1 / -1; grid-row: 2; font-size: 0.875rem; padding: 0; }
  .lines tr:not(.bad, .warn, .some) .state { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .lines .age, .lines td.spark { display: none; }
  .instances tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0.15rem 0.75rem; padding: 0.5rem 0; }
  .instances tr.checks { display: block; border-top: 0; padding-top: 0; }
  .instances tbody th { grid-column: 1 / -1; }
  .instances td[data-label]:empty { display: none; }
  .instances td[data-label]::before { content: attr(data-label) "\00a0"; color: var(--quiet); font-size: 0.8rem; }
  .number { white-space: normal; }
  dl { grid-template-columns: minmax(0, 1fr); }
  dd { margin-bottom: 0.5rem; }
}
`;
