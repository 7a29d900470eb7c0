/** Where an error is, as a link for terminals and editors. */
import { safeText } from "./terminal.ts";

/**
 * `file:line: message`, which terminals and editors turn into a link. The place is not
 * repeated when the message begins with it.
 */
export function placed({
  file,
  line,
  message,
}: {
  readonly file: string;
  readonly line: number | null;
  readonly message: string;
}): string {
  const place = line === null ? file : `${file}:${line}`;
  return safeText(
    message.startsWith(`${place}:`)
      ? message
      : `${place}: ${message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message}`,
  );
}
