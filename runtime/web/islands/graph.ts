/**
 * The graph: larger and smaller by buttons and keys, and a search for tasks in it. The
 * drawing itself needs no script.
 */

const STEP = 1.25;
const [SMALLEST, LARGEST] = [0.1, 4];
const KEYS: Readonly<Record<string, string>> = {
  "+": "in",
  "=": "in",
  "-": "out",
  "0": "fit",
  "1": "full",
};

export function startGraph(): void {
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>("[data-zoom]") : null;
    if (button) zoom(button, button.dataset.zoom ?? "");
  });
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const way = KEYS[key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(target instanceof Element) || !target.closest(".graph")) return;
    event.preventDefault();
    zoom(target, way);
  });
  document.addEventListener("input", ({ target }) => {
    if (isFind(target)) markFound(target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !isFind(event.target)) return;
    event.preventDefault();
    showNext(event.target);
  });
}

function drawingAt(element: Element): SVGSVGElement | null {
  return element.closest(".graph-frame")?.querySelector<SVGSVGElement>(".graph > svg") ?? null;
}

function zoom(at: Element, way: string): void {
  const drawing = drawingAt(at);
  if (!drawing) return;
  const { width, height } = drawing.viewBox.baseVal;
  const now = drawing.getBoundingClientRect().width / width;
  const scale = Math.min(LARGEST, Math.max(SMALLEST, scaleOf(way, now, drawing)));
  drawing.style.maxWidth = "none";
  drawing.style.width = `${width * scale}px`;
  drawing.style.height = `${height * scale}px`;
}

function scaleOf(way: string, now: number, drawing: SVGSVGElement): number {
  if (way === "in") return now * STEP;
  if (way === "out") return now / STEP;
  return way === "fit" ? fitting(drawing) : 1;
}

/** The scale at which the frame shows all of it. */
function fitting(drawing: SVGSVGElement): number {
  const frame = drawing.parentElement;
  const { width, height } = drawing.viewBox.baseVal;
  if (!frame) return 1;
  const { paddingLeft, paddingTop } = getComputedStyle(frame);
  const [across, down] = [2 * Number.parseFloat(paddingLeft), 2 * Number.parseFloat(paddingTop)];
  const most = Number.parseFloat(getComputedStyle(frame).maxHeight) || frame.clientHeight;
  return Math.min((frame.clientWidth - across) / width, (most - down) / height);
}

const isFind = (target: EventTarget | null): target is HTMLInputElement =>
  target instanceof HTMLInputElement && target.matches("[data-find-node]");

function markFound(box: HTMLInputElement): void {
  const drawing = drawingAt(box);
  const wanted = box.value.trim().toLowerCase();
  const tasks = [...(drawing?.querySelectorAll("a") ?? [])];
  for (const task of tasks)
    task.toggleAttribute("data-found", wanted !== "" && hasName(task, wanted));
  drawing?.toggleAttribute("data-finding", wanted !== "");
  const count = tasks.filter((task) => task.hasAttribute("data-found")).length;
  const output = box.parentElement?.querySelector("[data-found-nodes]");
  if (output) output.textContent = wanted === "" ? "" : `${count} found`;
}

const hasName = (task: Element, wanted: string): boolean =>
  task.querySelector("title")?.textContent?.toLowerCase().includes(wanted) ?? false;

let shown = -1;

/** Scrolls to the next task that is found. */
function showNext(box: HTMLInputElement): void {
  const found = [...(drawingAt(box)?.querySelectorAll("a[data-found]") ?? [])];
  shown = (shown + 1) % Math.max(1, found.length);
  found[shown]?.scrollIntoView({ block: "center", inline: "center" });
  for (const [index, task] of found.entries()) task.toggleAttribute("data-shown", index === shown);
}
