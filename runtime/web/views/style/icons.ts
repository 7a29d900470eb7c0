/**
 * The icons of the page, as one drawing with a symbol for each. Lines on a field of 16 by
 * 16; the stylesheet gives their colour and width.
 */
const PATHS = {
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14",
  theme: "M8 13.5a5.5 5.5 0 1 0 0-11v11Zm0-11v11",
  clock: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM8 5v3l2 1.3",
  alert: "M8 2.2 14.5 13.5h-13zM8 6.5v3M8 11.4v.2",
  failed: "m4.5 4.5 7 7m0-7-7 7",
  play: "M5 3.2v9.6L12.6 8z",
  pause: "M5.5 3.5v9m5-9v9",
  previous: "M10 3.5 5.5 8l4.5 4.5",
  next: "M6 3.5 10.5 8 6 12.5",
  down: "M3.5 6 8 10.5 12.5 6",
  copy: "M5.5 5.5v-3h8v8h-3m0-5h-8v8h8z",
  file: "M9 1.8H4v12.4h8V4.8zm0 0v3h3",
  star: "m8 2 1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z",
} as const;

export type IconName = keyof typeof PATHS;

export const ICON_NAMES = Object.keys(PATHS) as readonly IconName[];

/** The sprite: `<use href="/assets/icons.svg#search">` shows one of its symbols. */
export function iconSprite(): string {
  const symbols = Object.entries(PATHS).map(
    ([name, path]) => `<symbol id="${name}" viewBox="0 0 16 16"><path d="${path}"/></symbol>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}
