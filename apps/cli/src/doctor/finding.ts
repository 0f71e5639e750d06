/** What was found of one thing; with a mend when it is not as it should be. */
export interface Finding {
  what: string;
  found: string;
  mend?: string;
}
