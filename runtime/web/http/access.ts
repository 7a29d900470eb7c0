/**
 * The check of permissions at each route. A route names its permission when it is
 * registered, and how its address names the DAG that it is about.
 */
import type { Request, RequestHandler } from "express";
import {
  allows,
  type DagPermission,
  type Permission,
  type Rights,
  tagsWith,
} from "../../access/permissions.ts";
import { type DagReference, dagTags } from "../../store/reads/dag_tags.ts";
import { parseTopic } from "../live/topics.ts";
import { callerOf, checkOf, rememberCheck } from "./caller.ts";
import { dagId as dagIdSchema, rowId as rowIdSchema } from "./input/fields.ts";
import { Refused } from "./refused.ts";
import type { WebServices } from "./services.ts";

/**
 * How an address names its DAG: by `:dagId`, by the `:id` of a run or backfill, by
 * `:instanceId`, or by `?topic=`. `listed`: the route shows only DAGs that its caller may
 * see.
 */
export type DagOf = "dagId" | "run" | "backfill" | "instance" | "topic" | "listed";

/** What a route needs. */
export interface Access {
  readonly permission: Permission;
  /** Null: the route is about no DAG. */
  readonly of: DagOf | null;
}

/**
 * `public`: without login. `webhook`: the call proves that it knows a secret. `tools`: a
 * caller calls endpoints by name, and each call is checked for the permission of its own.
 */
export type RouteAccess = Access | "public" | "webhook" | "tools";

/**
 * Names the permission of a route.
 * @example needs("dag.operate", "run")
 * @example needs("pool.edit")
 */
export function needs(permission: DagPermission, of: DagOf): Access;
export function needs(permission: Exclude<Permission, DagPermission>): Access;
export function needs(permission: Permission, of: DagOf | null = null): Access {
  return { permission, of };
}

/** Lets only callers pass who have the permission. */
export function requireAccess(
  services: Pick<WebServices, "reader">,
  access: Access,
): RequestHandler {
  return async (request, _response, next) => {
    await checkAccess(services, access, request);
    next();
  };
}

/** @throws Refused 403 when the caller does not have the permission */
export async function checkAccess(
  services: Pick<WebServices, "reader">,
  { permission, of }: Access,
  request: Request,
): Promise<void> {
  const { rights } = callerOf(request);
  const tags = await tagsFor(services, request, of, rights);
  if (!allows(rights, permission, tags)) throw forbidden(permission);
  rememberCheck(request, { permission, tags });
}

/**
 * Checks the permission of the route for one DAG of a selection.
 * @throws Refused 403
 */
export async function requireDag(
  { reader }: Pick<WebServices, "reader">,
  request: Request,
  which: DagReference,
): Promise<void> {
  const { rights } = callerOf(request);
  const { permission } = checkOf(request);
  const isForAll = rights.grants.every(({ tag }) => tag === null);
  const tags = isForAll ? null : await dagTags(reader, which);
  if (!allows(rights, permission, tags)) throw forbidden(permission);
}

/**
 * Whether the caller has a permission, too, for the DAG that the request is about.
 * @param tags the tags of another DAG
 */
export function mayAlso(
  request: Request,
  permission: Permission,
  tags: readonly string[] | null = checkOf(request).tags,
): boolean {
  return allows(callerOf(request).rights, permission, tags);
}

/** The tags of the DAGs that the caller may see; null: all DAGs. */
export function visibleTags(request: Request): readonly string[] | null {
  return tagsWith(callerOf(request).rights, "dag.read");
}

/**
 * An unknown DAG is refused like one that the caller may not see, so that ids stay
 * unknown.
 */
function forbidden(permission: Permission): Refused {
  return new Refused(
    403,
    `You do not have the permission ${permission} here. Ask an admin for it.`,
  );
}

/** Null when no grant of the caller depends on tags: then the DAG is not looked up. */
async function tagsFor(
  { reader }: Pick<WebServices, "reader">,
  request: Request,
  of: DagOf | null,
  { grants }: Rights,
): Promise<readonly string[] | null> {
  if (of === null || of === "listed" || grants.every(({ tag }) => tag === null)) return null;
  const which = dagIn(request, of);
  if (which === "every DAG") return null;
  return which ? dagTags(reader, which) : [];
}

function dagIn(
  request: Request,
  of: Exclude<DagOf, "listed">,
): DagReference | "every DAG" | undefined {
  const { dagId, id, instanceId } = request.params;
  if (of === "dagId") return isDagId(dagId) ? { of: "dag", dagId } : undefined;
  if (of === "topic") return dagOfTopic(request.query.topic);
  const number = rowIdSchema.safeParse(of === "instance" ? instanceId : id);
  return number.success ? { of, id: number.data } : undefined;
}

/** What is no id, such as a text with NUL, must not reach a statement. */
function isDagId(text: unknown): text is string {
  return dagIdSchema.safeParse(text).success;
}

function dagOfTopic(text: unknown): DagReference | "every DAG" | undefined {
  const topic = typeof text === "string" ? parseTopic(text) : undefined;
  if (topic?.kind === "home" || topic?.kind === "inbox") return "every DAG";
  if (topic?.kind === "dag") return { of: "dag", dagId: topic.dagId };
  return topic?.kind === "run" || topic?.kind === "task" ? { of: "run", id: topic.id } : undefined;
}
