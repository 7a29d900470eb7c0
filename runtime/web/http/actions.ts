/**
 * The actions of the page: the functions of runtime/actions that it calls. They are
 * passed in, so that the page composes nothing.
 */
import type { Json } from "../../../sdk/json.ts";
import type { Database } from "../../store/database/database.ts";

/** Backfill, clear, mark, annotate, answer and delete state, as runtime/actions has them. */
type AgainActions = Pick<
  typeof import("../../actions/index.ts"),
  | "createBackfill"
  | "previewBackfill"
  | "pauseBackfill"
  | "resumeBackfill"
  | "cancelBackfill"
  | "clearRuns"
  | "previewClear"
  | "previewMark"
  | "markTask"
  | "markRun"
  | "noteRun"
  | "labelRun"
  | "answerQuestion"
  | "deleteStateValue"
>;

/** What editors do with connections and variables. */
type SecretActions = Pick<
  typeof import("../../actions/index.ts"),
  | "setConnection"
  | "clearConnectionFields"
  | "deleteConnection"
  | "testConnection"
  | "setVariable"
  | "deleteVariable"
>;

/** What users do with their account, and admins with users. */
type AccessActions = Pick<
  typeof import("../../actions/index.ts"),
  | "acceptLink"
  | "changePassword"
  | "createToken"
  | "revokeToken"
  | "endSession"
  | "endSessions"
  | "addUser"
  | "setRole"
  | "removeUser"
  | "disableUser"
  | "enableUser"
  | "createUserToken"
  | "revokeUserToken"
  | "makeLoginLink"
  | "endUserSessions"
>;

/** Deploying from another machine, and what is current. */
type DeployActions = Pick<
  typeof import("../../actions/index.ts"),
  | "previewDeployment"
  | "previewRestore"
  | "receiveDeployment"
  | "storeDeploymentChunk"
  | "rollbackDag"
  | "promoteDag"
  | "rollbackDeployment"
  | "promoteDeployment"
>;

export interface WebActions extends AgainActions, AccessActions, DeployActions, SecretActions {
  /** @throws DagsmithError UNKNOWN_DAG, INVALID_PARAMS, RUN_EXISTS, INVALID_DATE */
  triggerRun(
    db: Database,
    request: {
      readonly dagId: string;
      readonly params?: Json;
      readonly logicalDate?: string;
      readonly actor: string;
    },
  ): Promise<{ readonly id: number; readonly runId: string }>;
  /** @throws DagsmithError UNKNOWN_DAG */
  pauseDag(
    db: Database,
    request: { readonly dagId: string; readonly actor: string; readonly reason?: string },
  ): Promise<void>;
  /** @throws DagsmithError UNKNOWN_DAG */
  unpauseDag(
    db: Database,
    request: { readonly dagId: string; readonly actor: string; readonly reason?: string },
  ): Promise<void>;
  /** @throws DagsmithError UNKNOWN_DAG, INVALID_WEBHOOK_BODY, WEBHOOK_KEY_REUSED */
  receiveWebhook(
    db: Database,
    request: {
      readonly dagId: string;
      readonly name: string;
      readonly text: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly key: string | null;
      readonly actor: string;
    },
  ): Promise<
    | { readonly id: number; readonly runId: string; readonly isNew: boolean }
    | { readonly decision: "skipped"; readonly reason: "when" }
  >;
  /** @throws DagsmithError UNKNOWN_ASSET */
  updateAsset(
    db: Database,
    request: { readonly uri: string; readonly extra?: Json; readonly actor: string },
  ): Promise<{ readonly id: number }>;
  /** @throws DagsmithError UNKNOWN_RUN, RUN_FINISHED */
  cancelRun(
    db: Database,
    request: { readonly id: number; readonly actor: string; readonly reason?: string },
  ): Promise<void>;
  /**
   * @returns how many instances it stopped; @throws DagsmithError UNKNOWN_RUN,
   *   TASK_NOT_ACTIVE
   */
  cancelTask(
    db: Database,
    request: {
      readonly id: number;
      readonly taskId: string;
      readonly mapIndex?: number;
      readonly actor: string;
      readonly reason?: string;
    },
  ): Promise<number>;
  /**
   * @returns how many instances resumed; @throws DagsmithError UNKNOWN_RUN, RUN_FINISHED
   */
  sendEvent(
    db: Database,
    request: {
      readonly id: number;
      readonly name: string;
      readonly value?: Json;
      readonly actor: string;
    },
  ): Promise<number>;
  /** @throws DagsmithError INVALID_ARGUMENT */
  setPool(
    db: Database,
    request: {
      readonly name: string;
      readonly slots: number;
      readonly description?: string;
      readonly version?: number;
      readonly actor: string;
    },
  ): Promise<void>;
  /** @throws DagsmithError UNKNOWN_POOL, CHANGED_MEANWHILE */
  deletePool(
    db: Database,
    request: { readonly name: string; readonly version?: number; readonly actor: string },
  ): Promise<void>;
}
