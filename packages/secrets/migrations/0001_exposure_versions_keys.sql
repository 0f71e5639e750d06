CREATE TABLE "supervisor"."exposure_defaults" (
	"prefix" text collate "C" PRIMARY KEY NOT NULL,
	"exposure" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "supervisor"."key_holders" (
	"holder" text PRIMARY KEY NOT NULL,
	"writes" text NOT NULL,
	"reads" text[] NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "supervisor"."secret_versions" ALTER COLUMN "key_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "supervisor"."secret_versions" ALTER COLUMN "envelope" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "supervisor"."encryption_keys" ADD COLUMN "state" text DEFAULT 'active' NOT NULL;--> statement-breakpoint
ALTER TABLE "supervisor"."encryption_keys" ADD COLUMN "wraps" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "supervisor"."encryption_keys" ADD COLUMN "retired_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "supervisor"."secret_versions" ADD COLUMN "fingerprint" "bytea";--> statement-breakpoint
ALTER TABLE "supervisor"."secret_versions" ADD COLUMN "destroyed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "supervisor"."secrets" ADD COLUMN "allowed_hosts" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "supervisor"."secrets" ADD COLUMN "expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "supervisor"."secrets" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "secrets_expires" ON "supervisor"."secrets" USING btree ("expires_at");