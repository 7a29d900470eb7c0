/** Who answers a question: the caller of a request, as the question sees it. */
import type { Request } from "express";
import type { Json } from "../../../sdk/json.ts";
import { type Answering, mayAnswer } from "../../access/answering.ts";
import type { AnswerRequest } from "../../actions/answer.ts";
import { callerOf, checkOf } from "./caller.ts";

function answeringOf(request: Request, tags: Answering["tags"]): Answering {
  const { user, rights } = callerOf(request);
  return { user: user?.name ?? null, rights, tags };
}

/**
 * Whether the caller may answer.
 * @param tags of the DAG of the question. Default: of the DAG that the request is about
 */
export function mayAnswerHere(
  request: Request,
  question: Parameters<typeof mayAnswer>[0],
  tags: Answering["tags"] = checkOf(request).tags,
): boolean {
  return mayAnswer(question, answeringOf(request, tags));
}

/** An answer of the caller. */
export function answerOfCaller(
  request: Request,
  which: { readonly id: number; readonly taskId: string; readonly mapIndex: number },
  value: Json,
): AnswerRequest {
  const { user, actor } = callerOf(request);
  const by = user?.name ?? actor;
  return { ...which, value, actor, by, may: (question) => mayAnswerHere(request, question) };
}
