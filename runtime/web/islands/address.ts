/** Addresses of this page, which may be reached under a path of its host. */

/** @param path as the server knows it, such as `/search` */
export function addressOf(path: string): string {
  return `${document.documentElement.dataset.base ?? ""}${path}`;
}
