/**
 * The actions of people. The page and the command line change state only through these;
 * each writes an audit row.
 */
export { checkParams } from "../params/check_params.ts";
export { type ParamProblem, problemsOf } from "../params/param_problems.ts";
export {
  acceptLink,
  changePassword,
  createToken,
  createToken as createUserToken,
  endSession,
  endSessions,
  revokeToken,
  revokeToken as revokeUserToken,
} from "./account.ts";
export { labelRun, noteRun } from "./annotate.ts";
export { type AnswerRequest, answerQuestion } from "./answer.ts";
export { type AssetUpdateRequest, updateAsset } from "./assets.ts";
export {
  type BackfillPreview,
  type BackfillRequest,
  cancelBackfill,
  createBackfill,
  pauseBackfill,
  previewBackfill,
  resumeBackfill,
} from "./backfill.ts";
export { type CancelRequest, cancelRun } from "./cancel.ts";
export { type CancelTaskRequest, cancelTask } from "./cancel_task.ts";
export { type CleanedHistory, type CleanRequest, clean, previewClean } from "./clean.ts";
export {
  type ClearedRun,
  type ClearRequest,
  clearRuns,
  previewClear,
} from "./clear.ts";
export type { ClearSelection } from "./clear_selection.ts";
export { type Deployment, deployFolder } from "./deploy.ts";
export { type SendEventRequest, sendEvent } from "./event.ts";
export {
  type EventSourceDone,
  type EventsRequest,
  installEvents,
  uninstallEvents,
} from "./events.ts";
export {
  type MarkPreview,
  type MarkRunRequest,
  type MarkTaskRequest,
  markRun,
  markTask,
  previewMark,
} from "./mark.ts";
export { type PauseRequest, pauseDag, unpauseDag } from "./pause.ts";
export { type DeletePoolRequest, deletePool, type SetPoolRequest, setPool } from "./pools.ts";
export {
  type DeploymentPreview,
  previewDeployment,
} from "./preview_deployment.ts";
export { previewRestore } from "./preview_restore.ts";
export { type Received, receiveDeployment, storeDeploymentChunk } from "./receive_deployment.ts";
export {
  promoteDeployment,
  type Restored,
  type RestoreRequest,
  rollbackDeployment,
} from "./restore.ts";
export { type PointRequest, promoteDag, rollbackDag } from "./rollback.ts";
export {
  clearConnectionFields,
  deleteConnection,
  deleteVariable,
  setConnection,
  setVariable,
  testConnection,
} from "./secrets.ts";
export { deleteStateValue } from "./state.ts";
export { type TriggerRequest, triggerRun } from "./trigger.ts";
export {
  addUser,
  disableUser,
  enableUser,
  endUserSessions,
  makeLoginLink,
  removeUser,
  setRole,
} from "./users.ts";
export {
  receiveWebhook,
  type SkippedCall,
  type WebhookRequest,
  type WebhookRun,
} from "./webhook.ts";
