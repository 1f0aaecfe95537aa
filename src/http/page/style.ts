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

main { padding: 1rem clamp(0.75rem, 3vw, 2rem) 3rem; max-width: 100rem; margin: 0 auto; }
.intro { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; align-items: center; margin-bottom: 1rem; }
.intro p { margin: 0; color: var(--quiet); }
form[role="search"] { margin-left: auto; display: flex; flex-wrap: wrap; gap: 0.35rem 0.5rem; align-items: center; }
form[role="search"] label { color: var(--quiet); font-size: 0.875rem; }
form[role="search"] input { width: 17rem; }
input::placeholder { color: var(--quiet); opacity: 1; }
.script form[role="search"] button { display: none; }
input, button { font: inherit; color: inherit; padding: 0.35rem 0.7rem; border: 1px solid var(--quiet); border-radius: 6px; background: var(--card); min-width: 0; }
button { cursor: pointer; background: var(--accent); color: var(--card); border-color: var(--accent); }

.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(17rem, 24rem); gap: 1rem; align-items: start; }
#services { display: grid; gap: 1rem; min-width: 0; }
[hidden] { display: none !important; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.9rem 1.1rem; min-width: 0; }
.card > header { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; align-items: baseline; }
.card > header h2 a { color: inherit; text-decoration-color: var(--line); }
.card .count { margin: 0; color: var(--quiet); }
.card.stale, .card.denied, .card.closed { border: 2px solid var(--bad); }
.card.unconfirmed, .card.restored, .card.pending { border: 2px solid var(--warn); }
.spark { width: 10rem; height: 1.75rem; margin-left: auto; align-self: center; }
.spark path { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }

.freshness { margin: 0.3rem 0 0.6rem; font-size: 0.9rem; color: var(--good); }
.freshness .reason { display: block; }
.freshness.stale, .freshness.denied, .freshness.closed, .freshness.unconfirmed, .freshness.restored, .freshness.pending {
  padding: 0.5rem 0.75rem; border-radius: 6px;
}
.freshness.stale, .freshness.denied, .freshness.closed { color: var(--bad); background: var(--bad-ground); }
.freshness.unconfirmed, .freshness.restored, .freshness.pending { color: var(--warn); background: var(--warn-ground); }
.empty { margin: 0.5rem 0; color: var(--bad); font-weight: 600; }

table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: 0.925rem; }
th:first-child { width: 30%; }
th:nth-child(3) { width: 12%; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 0.8rem; }
th, td { padding: 0.35rem 0.75rem 0.35rem 0; border-top: 1px solid var(--line); vertical-align: top; }
td:first-child .quiet { display: block; }
.badge { display: inline-block; padding: 0 0.6rem; border-radius: 1rem; font-size: 0.85rem; background: var(--bad-ground); color: var(--bad); }
.badge.passing { background: var(--good-ground); color: var(--good); }
.badge.warning { background: var(--warn-ground); color: var(--warn); }
.tag { display: inline-block; margin: 0 0.3rem 0.2rem 0; padding: 0 0.45rem; border: 1px solid var(--line); border-radius: 5px; font-size: 0.85rem; }

.timeline { list-style: none; margin: 0.5rem 0 0; padding: 0; font-size: 0.9rem; }
.timeline li { padding: 0.4rem 0 0.4rem 0.8rem; border-left: 4px solid var(--line); margin-bottom: 0.3rem; }
.timeline .good { border-color: var(--good); }
.timeline .loss { border-color: var(--warn); }
.timeline .bad { border-color: var(--bad); }
.timeline time { display: block; color: var(--quiet); font-size: 0.8rem; }
.timeline a { font-weight: 600; margin-right: 0.35rem; }

.login { max-width: 24rem; margin: 15vh auto 0; }
.login form { display: grid; gap: 0.6rem; margin-top: 1rem; }
.refused { color: var(--bad); margin: 0; }
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
  .columns { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 40rem) {
  form[role="search"], form[role="search"] input { width: 100%; margin-left: 0; }
  .card { padding: 0.75rem; }
  .spark { width: 100%; margin-left: 0; }
  table, thead, tbody, tr, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0.1rem 0.75rem; border-top: 1px solid var(--line); padding: 0.5rem 0; }
  td { border: 0; padding: 0; }
  td:first-child { grid-column: 1 / -1; }
  td[data-label]::before { content: attr(data-label) "\00a0"; color: var(--quiet); font-size: 0.85rem; }
  dl { grid-template-columns: minmax(0, 1fr); }
  dd { margin-bottom: 0.5rem; }
}
`;
