UPDATE "supervisor"."knowledge_postings" AS p SET hits = s.hits
FROM (SELECT scope, term, block, array(SELECT hit FROM unnest(hits) AS hit ORDER BY hit) AS hits FROM "supervisor"."knowledge_postings" WHERE size > 1) AS s
WHERE p.scope = s.scope AND p.term = s.term AND p.block = s.block AND p.hits <> s.hits;
