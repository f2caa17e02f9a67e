/** Errors that a person can do something about. Anything else that is thrown is a bug, and says so. */
export abstract class FootpathError extends Error {
  abstract readonly exitCode: 1 | 2;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Wrong usage or configuration: exit status 2. */
export class UsageError extends FootpathError {
  readonly exitCode = 2;
}

/** I/O, database, input in no known format: exit status 1. */
export class OperationError extends FootpathError {
  readonly exitCode = 1;
}

/** Another process holds the database just now; it may be done in a moment. */
export class LockedError extends OperationError {}

/** May succeed if it is tried again. */
export class RetriableError extends FootpathError {
  readonly exitCode = 1;
}

/** Another reader goes on from where this one was: nothing that it tries again can succeed. */
export class SupersededError extends FootpathError {
  readonly exitCode = 1;
}
