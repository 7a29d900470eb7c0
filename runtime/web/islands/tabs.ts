/** Shows the chosen tab where the tabs of a page are wider than the screen. */

export function startTabs(): void {
  for (const tabs of document.querySelectorAll<HTMLElement>(".tabs")) showChosen(tabs);
}

// Only the tabs scroll. scrollIntoView() could move the page as well.
function showChosen(tabs: HTMLElement): void {
  const chosen = tabs.querySelector("[aria-current]")?.getBoundingClientRect();
  if (!chosen) return;
  const { left, width } = tabs.getBoundingClientRect();
  tabs.scrollLeft += chosen.left - left - (width - chosen.width) / 2;
}
