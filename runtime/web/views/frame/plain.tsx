/** The page of an error. */
import type { VNode } from "preact";

export function ErrorPage({
  status,
  message,
}: {
  readonly status: number;
  readonly message: string;
}): VNode {
  return (
    <section class="plain-page">
      <h1>{status}</h1>
      <p>{message}</p>
      <p>
        <a class="button" href="/">
          All DAGs
        </a>
      </p>
    </section>
  );
}
