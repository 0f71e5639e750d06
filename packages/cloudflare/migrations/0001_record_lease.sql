ALTER TABLE "supervisor"."cloudflare_dns_records" ADD COLUMN "lease_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "supervisor"."cloudflare_dns_records" ADD COLUMN "fence" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- Texts are kept without their quotes, and found by that.
UPDATE "supervisor"."cloudflare_dns_records" r
SET content = bare.content, slot = 'TXT ' || r.name || ' ' || left(encode(sha256(convert_to(bare.content, 'UTF8')), 'hex'), 16)
FROM (SELECT id, substr(content, 2, length(content) - 2) AS content FROM "supervisor"."cloudflare_dns_records"
  WHERE type = 'TXT' AND content ~ '^"[^"\\]*"$') bare
WHERE bare.id = r.id AND NOT EXISTS (SELECT FROM "supervisor"."cloudflare_dns_records" o WHERE o.zone_id = r.zone_id
  AND o.slot = 'TXT ' || r.name || ' ' || left(encode(sha256(convert_to(bare.content, 'UTF8')), 'hex'), 16));