/**
 * Selections in lists: all rows at once, a range with Shift, and how many are selected.
 */

export function startPicks(): void {
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    if (target.matches("[data-pick-all]")) for (const box of boxes()) box.checked = target.checked;
    showCount();
  });
  document.addEventListener("click", pickRange);
  showCount();
}

let last: HTMLInputElement | undefined;

function pickRange(event: MouseEvent): void {
  const { target } = event;
  if (!(target instanceof HTMLInputElement) || !target.matches(".pick [name]")) return;
  const all = boxes();
  if (event.shiftKey && last) {
    const [from = 0, to = 0] = [all.indexOf(last), all.indexOf(target)].sort((a, b) => a - b);
    for (const box of all.slice(from, to + 1)) box.checked = target.checked;
    showCount();
  }
  last = target;
}

function boxes(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>(".pick [name]")];
}

function showCount(): void {
  const count = boxes().filter(({ checked }) => checked).length;
  const output = document.querySelector("[data-picked]");
  if (output) output.textContent = `${count} selected`;
  const all = document.querySelector<HTMLInputElement>("[data-pick-all]");
  if (!all) return;
  all.checked = count > 0 && count === boxes().length;
  all.indeterminate = count > 0 && !all.checked;
}
