/** Keys: the palette, the help, and moving through lists and the grid. */
import { addressOf } from "./address.ts";
import { openPalette } from "./palette.ts";

const HELP: readonly (readonly [keys: string, what: string])[] = [
  ["/ or Ctrl K", "Search, or choose an action"],
  ["j, k", "Next or previous row of a list"],
  ["x", "Select the row"],
  ["Enter", "Open the row"],
  ["Arrows", "Move in the grid, the calendar and lists"],
  ["+, -, 0, 1", "Zoom in, zoom out, fit or full size, in a graph"],
  ["g d", "Go to the DAGs"],
  ["g r", "Go to the runs"],
  ["g c", "Go to the calendar"],
  ["?", "These keys"],
  ["Esc", "Close"],
];
const PLACES: Readonly<Record<string, string>> = { d: "/", r: "/runs", c: "/calendar" };

let isGoing = false;

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey))
      return take(event, openPalette);
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const place = isGoing ? PLACES[event.key] : undefined;
    isGoing = event.key === "g";
    if (place !== undefined) return location.assign(addressOf(place));
    const act = actOf(event.key);
    if (act) take(event, act);
  });
}

function isTyping({ target }: Event): boolean {
  if (!(target instanceof HTMLElement) || target.closest("dialog")) return true;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return /^(TEXTAREA|SELECT)$/.test(target.tagName);
}

function take(event: KeyboardEvent, act: () => void): void {
  event.preventDefault();
  act();
}

function actOf(key: string): (() => void) | undefined {
  const inGrid = document.activeElement?.closest<HTMLElement>(".grid td, .days td");
  const inList = document.activeElement?.closest(".list tbody");
  if (key === "/") return openPalette;
  if (key === "?") return showHelp;
  if (key === "j" || (key === "ArrowDown" && inList)) return () => moveRow(1);
  if (key === "k" || (key === "ArrowUp" && inList)) return () => moveRow(-1);
  if (key === "x" && inList) return pick;
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  return inGrid && step ? () => moveCell(inGrid, step[0] ?? 0, step[1] ?? 0) : undefined;
}

function moveRow(step: number): void {
  const links = [...document.querySelectorAll<HTMLElement>(".list tbody th a:first-of-type")];
  const row = document.activeElement?.closest("tr");
  const at = links.findIndex((link) => link.closest("tr") === row);
  links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
}

function pick(): void {
  const row = document.activeElement?.closest("tr");
  row?.querySelector<HTMLInputElement>(".pick input")?.click();
}

/** Cells without an instance are skipped. */
function moveCell(from: HTMLElement, down: number, right: number): void {
  let cell: Element | null | undefined = from;
  do cell = neighbour(cell, down, right);
  while (cell && !cell.querySelector("a"));
  cell?.querySelector<HTMLElement>("a")?.focus();
}

function neighbour(cell: Element, down: number, right: number): Element | null | undefined {
  if (right !== 0) return right > 0 ? cell.nextElementSibling : cell.previousElementSibling;
  const row = cell.parentElement;
  const next = down > 0 ? row?.nextElementSibling : row?.previousElementSibling;
  return next?.children[[...(row?.children ?? [])].indexOf(cell)];
}

let help: HTMLDialogElement | undefined;

function showHelp(): void {
  help ??= makeHelp();
  if (!help.open) help.showModal();
}

function makeHelp(): HTMLDialogElement {
  const made = document.createElement("dialog");
  const title = document.createElement("h2");
  title.textContent = "Keys";
  const list = document.createElement("dl");
  list.className = "keys";
  for (const [keys, what] of HELP) {
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    key.textContent = keys;
    term.append(key);
    const text = document.createElement("dd");
    text.textContent = what;
    list.append(term, text);
  }
  made.setAttribute("aria-label", "Keys");
  made.append(title, list);
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  return made;
}
