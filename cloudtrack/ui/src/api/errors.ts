/** What a request that failed says. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId = "",
    /** Seconds that the server asks to wait for; 0 where it does not say. */
    readonly retryAfter = 0,
  ) {
    super(message);
  }

  /** Whether to ask again helps. */
  get isPassing(): boolean {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

/** The error of an answer that is not 2xx. */
export async function errorOf(answer: Response): Promise<ApiError> {
  const requestId = answer.headers.get("x-request-id") ?? "";
  const retryAfter = Number(answer.headers.get("retry-after") ?? 0) || 0;
  let code = "HTTP_ERROR";
  let message = `the server answered ${answer.status} ${answer.statusText}`.trim();
  try {
    const body = (await answer.json()) as { error_code?: string; message?: string; request_id?: string };
    code = body.error_code ?? code;
    message = body.message ?? message;
    return new ApiError(answer.status, code, message, body.request_id ?? requestId, retryAfter);
  } catch {
    return new ApiError(answer.status, code, message, requestId, retryAfter);
  }
}
