/** Any async method: `never` parameters accept every parameter list without `any`. */
export type AsyncMethod = (...args: never[]) => Promise<unknown>;

/** What a confirm may look like: the try's arguments, then what the try returned. It may leave off the end. */
export type ConfirmOf<M extends AsyncMethod> = (
  ...args: [...Parameters<M>, Awaited<ReturnType<M>>]
) => void | Promise<void>;

/** What a cancel may look like: the try's arguments. It may leave off the end. */
export type CancelOf<M extends AsyncMethod> = (...args: Parameters<M>) => void | Promise<void>;

/** The method of a class under that name, for the compiler to compare with. */
export type WithTry<K extends string> = Record<K, AsyncMethod>;
