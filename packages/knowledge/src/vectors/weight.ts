/**
 * What a cosine of 1 counts until it is measured, where the best match of words counts 1. So little that a model which knows nothing
 * changes next to nothing: the cosines of unrelated texts differ by a few hundredths.
 */
export const defaultWeight = 0.3;
