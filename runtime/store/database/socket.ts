/** The socket under a connection. The types of pg do not name it. */
import type { Socket } from "node:net";
import type { ClientBase } from "pg";

export function socketOf(client: ClientBase): Socket {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection
    .stream;
}
