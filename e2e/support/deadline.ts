/** Waits for `promise`, but not forever; `awaited` completes "waited 5 s for …". */
export async function within<T>(
  seconds: number,
  awaited: string,
  promise: Promise<T>,
  details: () => string = () => '',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited ${seconds} s for ${awaited}\n${details()}`)),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
