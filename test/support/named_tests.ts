/** The tests that a document names: a file in code, and behind it titles in quotes. */
export function namedTests(
  text: string,
): readonly { readonly file: string; readonly title: string }[] {
  return [
    ...text.matchAll(/`(test\/[\w/.]+\.(?:test|services)\.ts)`: ("[^"]+"(?: and "[^"]+")*)/g),
  ].flatMap(([, file = "", titles = ""]) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title })),
  );
}
