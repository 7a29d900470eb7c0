/**
 * The panel next to the grid: it shows the cell that was clicked, or that the arrow keys
 * reached. A second click, or Enter, opens the page of the cell.
 */
import { showTimes } from "./times.ts";

let selected: string | undefined;
/** The selected cell when the mouse was pressed: pressing focuses, and so selects. */
let pressed: string | undefined;
let asked = 0;

export function startPanel(): void {
  if (!document.getElementById("grid-panel")) return;
  document.addEventListener("pointerdown", () => {
    pressed = selected;
  });
  document.addEventListener("focusin", ({ target }) => select(cellOf(target)));
  document.addEventListener("click", (event) => {
    const cell = cellOf(event.target);
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    // A click without a mouse is Enter.
    if (!cell || !isPlain || event.detail === 0 || cell.href === pressed) return;
    event.preventDefault();
    select(cell);
  });
}

/** After a change of the page: the same instance stays selected, wherever its cell is. */
export function followPanel(): void {
  if (selected === undefined) return;
  mark();
  // show() never rejects: it keeps what it showed.
  void show(selected);
}

/** Only cells of one instance have a panel. */
const cellOf = (target: EventTarget | null): HTMLAnchorElement | null =>
  target instanceof Element ? target.closest<HTMLAnchorElement>('.grid td a[href*="/t/"]') : null;

function select(cell: HTMLAnchorElement | null): void {
  if (!cell || cell.href === selected) return;
  selected = cell.href;
  mark();
  void show(selected);
}

function mark(): void {
  for (const cell of document.querySelectorAll<HTMLAnchorElement>(".grid td a"))
    cell.toggleAttribute("data-selected", cell.href === selected);
}

/** Unless another cell was selected meanwhile. */
async function show(address: string): Promise<void> {
  const number = ++asked;
  const answer = await fetch(`${address}/panel`).catch(() => undefined);
  if (!answer?.ok || number !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const panel = page.getElementById("panel");
  const place = document.getElementById("grid-panel");
  if (number !== asked || !panel || !place) return;
  place.replaceChildren(panel);
  place.hidden = false;
  showTimes();
}
