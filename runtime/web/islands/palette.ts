/**
 * The palette: the search of the server in a dialog over any page. Arrows choose, Enter
 * opens. Its results are the list of the search page.
 */
import { addressOf } from "./address.ts";

let dialog: HTMLDialogElement | undefined;
let asked = 0;

export function startPalette(): void {
  const box = document.querySelector<HTMLInputElement>(".find-all input");
  box?.addEventListener("focus", () => {
    box.blur();
    openPalette();
  });
}

export function openPalette(): void {
  dialog ??= makeDialog();
  if (!dialog.open) dialog.showModal();
  const input = dialog.querySelector("input");
  input?.select();
  // find() never rejects: it keeps the results that it has.
  void find("");
}

function makeDialog(): HTMLDialogElement {
  const made = document.createElement("dialog");
  made.setAttribute("aria-label", "Search");
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "DAG, task, asset, run, or an action";
  input.setAttribute("aria-label", "Search");
  input.maxLength = 200;
  const list = document.createElement("ul");
  list.className = "found";
  made.append(input, list);
  input.addEventListener("input", () => void find(input.value));
  made.addEventListener("keydown", onKey);
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  return made;
}

/** Shows what a word finds, unless a later word was typed meanwhile. */
async function find(word: string): Promise<void> {
  const number = ++asked;
  const answer = await fetch(addressOf(`/search?q=${encodeURIComponent(word)}`)).catch(
    () => undefined,
  );
  if (!answer?.ok || number !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = dialog?.querySelector(".found");
  if (number !== asked || !list) return;
  list.replaceChildren(...(page.getElementById("found")?.childNodes ?? []));
  choose(0);
}

function onKey(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step !== undefined) {
    event.preventDefault();
    choose(chosen() + step);
  }
  if (event.key !== "Enter") return;
  event.preventDefault();
  links()[chosen()]?.click();
}

const links = (): HTMLAnchorElement[] => [...(dialog?.querySelectorAll("a") ?? [])];

const chosen = (): number =>
  Math.max(
    0,
    links().findIndex((link) => link.getAttribute("aria-selected") === "true"),
  );

function choose(index: number): void {
  const all = links();
  const at = (index + all.length) % Math.max(1, all.length);
  for (const [n, link] of all.entries()) link.setAttribute("aria-selected", String(n === at));
  all[at]?.scrollIntoView({ block: "nearest" });
}
