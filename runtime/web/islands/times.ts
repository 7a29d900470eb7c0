/**
 * Shows times in the reader's zone or in UTC, the time until the next run, and durations
 * that count up.
 */
const KEY = "dagsmith.zone";

export function startTimes(): void {
  const clock = document.getElementById("clock");
  if (!clock) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.addEventListener("click", () => {
    store(isLocal() ? "utc" : "local");
    showTimes();
  });
  clock.replaceChildren(button);
  showTimes();
  setInterval(tick, 1_000);
}

/** Shows all times in the chosen zone. */
export function showTimes(): void {
  const local = isLocal();
  const zone = local ? Intl.DateTimeFormat().resolvedOptions().timeZone : "UTC";
  const button = document.querySelector("#clock button");
  button?.setAttribute("aria-label", `times in ${zone}`);
  button?.replaceChildren(wide("times in "), zone);
  for (const time of document.querySelectorAll("time[datetime]")) showTime(time);
  tick();
}

/** A text that narrow screens leave out. */
function wide(text: string): HTMLElement {
  const part = document.createElement("span");
  part.className = "wide";
  part.textContent = text;
  return part;
}

/** Shows one time in the chosen zone. The text of the server is kept: it is in UTC. */
export function showTime(time: Element): void {
  const utc = time.getAttribute("data-utc") ?? time.textContent ?? "";
  time.setAttribute("data-utc", utc);
  const at = time.getAttribute("datetime");
  const shown = isLocal() && at !== null ? localTextOf(time, new Date(at)) : utc;
  if (time.textContent !== shown) time.textContent = shown;
}

const two = (value: number): string => String(value).padStart(2, "0");

function localTextOf(time: Element, date: Date): string {
  if (time.hasAttribute("data-day")) return dayText(date);
  if (!time.hasAttribute("data-clock")) return localText(date);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** As the server writes it: `Nov 29, 2026, 04:00`. */
function dayText(date: Date): string {
  const parts = { month: "short", day: "numeric", year: "numeric" } as const;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return `${date.toLocaleDateString("en", parts)}, ${clock}`;
}

function tick(): void {
  const now = Date.now();
  for (const since of document.querySelectorAll<HTMLElement>("[data-since]")) {
    since.textContent = lengthText(now - Date.parse(since.dataset.since ?? ""));
  }
  for (const time of document.querySelectorAll<HTMLElement>("time[data-ahead]")) {
    const ms = Date.parse(time.getAttribute("datetime") ?? "") - now;
    time.dataset.ahead = ms > 0 ? `in ${lengthText(ms)}` : "due";
  }
}

function localText(date: Date): string {
  const seconds = date.getSeconds() === 0 ? "" : `:${two(date.getSeconds())}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
}

/** As the server writes it, with seconds. */
function lengthText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return twoUnits(seconds, [60, "min"], [1, "s"]);
  if (seconds < 86_400) return twoUnits(seconds, [3_600, "h"], [60, "min"]);
  return twoUnits(seconds, [86_400, "d"], [3_600, "h"]);
}

type Unit = readonly [seconds: number, name: string];

function twoUnits(seconds: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

function isLocal(): boolean {
  try {
    return localStorage.getItem(KEY) === "local";
  } catch {
    return false;
  }
}

/** Storage may be forbidden; the choice then lasts until the page is left. */
function store(zone: string): void {
  try {
    localStorage.setItem(KEY, zone);
  } catch {
    // Shown in UTC.
  }
}
