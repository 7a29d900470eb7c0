/**
 * The log pane: follows a try that still writes, hides levels, finds text. Text is only
 * set as text, never as HTML.
 */
import { addressOf } from "./address.ts";
import { showTime } from "./times.ts";

interface Line {
  readonly time: string;
  readonly level: string;
  readonly text: string;
  readonly styled?: readonly { readonly text: string; readonly style: string }[];
}

const LEVELS = ["debug", "info", "warn", "error"];
/** Most lines on the page. Older lines are removed; the download has them. */
const MAX_LINES = 5_000;

let stream: EventSource | undefined;

export function startLog(): void {
  const pane = document.getElementById("log");
  if (!pane) return;
  pane.querySelector(".log-tools")?.removeAttribute("hidden");
  pane.addEventListener("input", () => filter(pane));
  list(pane)?.addEventListener("scroll", () => releaseOnScroll(pane));
  window.addEventListener("pagehide", () => stream?.close());
  showAsked(pane);
  follow(pane);
}

/**
 * An address may name a line, which then stays in view. A line that is not on the page is
 * shown with the lines around it.
 */
function showAsked(pane: HTMLElement): void {
  const number = /^#L(\d+)$/.exec(location.hash)?.[1];
  if (number === undefined) return;
  const line = document.getElementById(`L${number}`);
  const box = pane.querySelector<HTMLInputElement>("[data-follow]");
  if (box) box.checked = false;
  if (line) line.scrollIntoView({ block: "center" });
  else location.replace(addressOf(`${pane.dataset.subject}/find?line=${number}`));
}

/** A page that was fetched again may show another try: then its log is used. */
export function adoptLog(fresh: Document): void {
  const now = document.getElementById("log");
  const next = fresh.getElementById("log");
  if (!next || now?.dataset.stream === next.dataset.stream) return;
  const isSameTry =
    now?.querySelector("[download]")?.getAttribute("href") ===
    next.querySelector("[download]")?.getAttribute("href");
  if (now && isSameTry) return;
  stream?.close();
  if (now) now.replaceWith(next);
  else document.querySelector("main")?.append(next);
  startLog();
}

function follow(pane: HTMLElement): void {
  const address = pane.dataset.stream;
  scrollToEnd(pane);
  if (!address) return;
  stream = new EventSource(`${address}?after=${pane.dataset.seq ?? "-1"}`);
  stream.addEventListener("lines", (event) =>
    append(pane, JSON.parse(event.data) as Line[], event.lastEventId),
  );
  stream.addEventListener("end", () => {
    stream?.close();
    say(pane, "complete");
  });
  stream.addEventListener("open", () => say(pane, "live"));
  stream.addEventListener("error", () => say(pane, "reconnecting…"));
}

function append(pane: HTMLElement, lines: readonly Line[], seq: string): void {
  const rows = list(pane);
  if (!rows) return;
  rows.querySelector(".gap:only-child")?.remove();
  rows.append(...lines.map((line, index) => row(line, linkTo(pane, `${seq}.${index}`))));
  while (rows.children.length > MAX_LINES) rows.firstElementChild?.remove();
  filter(pane);
  scrollToEnd(pane);
}

/** The link to the next line: by its number, or by its place when lines are left out. */
function linkTo(pane: HTMLElement, place: string): HTMLAnchorElement {
  const made = document.createElement("a");
  made.className = "place";
  made.title = "A link to this line";
  const { lines, subject } = pane.dataset;
  const number = Number(lines) + 1;
  if (lines === undefined) made.href = `${addressOf(subject ?? "")}/find?at=${place}#l${place}`;
  else made.href = `?try=${pane.dataset.try}#L${number}`;
  made.textContent = lines === undefined ? "#" : String(number);
  if (lines !== undefined) pane.dataset.lines = String(number);
  return made;
}

function row(line: Line, link: HTMLAnchorElement): HTMLLIElement {
  const level = LEVELS.includes(line.level) ? line.level : "info";
  const item = document.createElement("li");
  item.className = `l-${level}`;
  if (link.hash.startsWith("#L")) item.id = link.hash.slice(1);
  const parts = [link, timeOf(line), element("b", level), textOf(line)];
  item.append(...parts);
  return item;
}

/** With the colours that the program printed. */
function textOf({ text, styled }: Line): HTMLElement {
  const made = element("span", styled ? "" : text);
  for (const part of styled ?? []) {
    const styledPart = element("span", part.text);
    styledPart.className = part.style;
    made.append(styledPart);
  }
  return made;
}

function element(tag: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** In the zone of the page. */
function timeOf({ time }: Line): HTMLElement {
  const made = element("time", time.slice(11, 23));
  made.setAttribute("data-clock", "");
  if (time !== "") made.setAttribute("datetime", time);
  showTime(made);
  return made;
}

/** A part of a log is not filtered here: the server searches the whole log. */
function filter(pane: HTMLElement): void {
  if (!pane.querySelector("[data-level]")) return;
  const shown = new Set(
    [...pane.querySelectorAll<HTMLInputElement>("[data-level]:checked")].map(
      (box) => `l-${box.value}`,
    ),
  );
  const wanted = pane.querySelector<HTMLInputElement>("[data-find]")?.value.toLowerCase() ?? "";
  for (const item of list(pane)?.children ?? []) {
    if (!(item instanceof HTMLElement) || item.classList.contains("gap")) continue;
    item.hidden =
      !shown.has(item.className) ||
      (wanted !== "" && !item.lastElementChild?.textContent?.toLowerCase().includes(wanted));
  }
}

/** Scrolling up stops following the end; scrolling to the end follows again. */
function releaseOnScroll(pane: HTMLElement): void {
  const rows = list(pane);
  const box = pane.querySelector<HTMLInputElement>("[data-follow]");
  if (rows && box) box.checked = rows.scrollHeight - rows.scrollTop - rows.clientHeight < 24;
}

function scrollToEnd(pane: HTMLElement): void {
  const rows = list(pane);
  if (rows && pane.querySelector<HTMLInputElement>("[data-follow]")?.checked)
    rows.scrollTop = rows.scrollHeight;
}

function list(pane: HTMLElement): HTMLElement | null {
  return pane.querySelector("ol");
}

function say(pane: HTMLElement, text: string): void {
  const status = pane.querySelector(".log-state");
  if (status) status.textContent = text;
}
