/**
 * The only way to register a route. It demands the permission of the route, and checks it
 * before the first handler.
 */
import { type RequestHandler, Router } from "express";
import { type RouteAccess, requireAccess } from "./access.ts";
import type { WebServices } from "./services.ts";

/** A route as it was registered. */
export interface Registration {
  readonly method: "get" | "post";
  readonly path: string;
  readonly access: RouteAccess;
}

export class Routes {
  readonly router: Router = Router({ caseSensitive: true, strict: true });
  readonly registered: Registration[] = [];
  readonly #services: Pick<WebServices, "reader">;

  constructor(services: Pick<WebServices, "reader">) {
    this.#services = services;
  }

  get(path: string, access: RouteAccess, ...handlers: readonly RequestHandler[]): void {
    this.#add("get", path, access, handlers);
  }

  post(path: string, access: RouteAccess, ...handlers: readonly RequestHandler[]): void {
    this.#add("post", path, access, handlers);
  }

  #add(
    method: Registration["method"],
    path: string,
    access: RouteAccess,
    handlers: readonly RequestHandler[],
  ): void {
    this.registered.push({ method, path, access });
    const check = typeof access === "string" ? [] : [requireAccess(this.#services, access)];
    this.router[method](path, ...check, ...handlers);
  }
}
