CREATE TABLE "supervisor"."audit_seals" (
	"id" integer PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"last" bigint NOT NULL,
	"count" integer NOT NULL,
	"mac" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "supervisor"."grants" (
	"token_id" text NOT NULL,
	"paths" text NOT NULL,
	"actions" text[] NOT NULL,
	CONSTRAINT "grants_token_id_paths_pk" PRIMARY KEY("token_id","paths")
);
--> statement-breakpoint
ALTER TABLE "supervisor"."audit_events" ADD COLUMN "call" uuid DEFAULT gen_random_uuid() NOT NULL;--> statement-breakpoint
ALTER TABLE "supervisor"."audit_events" ADD COLUMN "version" integer;--> statement-breakpoint
ALTER TABLE "supervisor"."audit_events" ADD COLUMN "fingerprint" text;--> statement-breakpoint
ALTER TABLE "supervisor"."audit_events" ADD COLUMN "mac" "bytea";--> statement-breakpoint
ALTER TABLE "supervisor"."grants" ADD CONSTRAINT "grants_token_id_tokens_id_fk" FOREIGN KEY ("token_id") REFERENCES "supervisor"."tokens"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_events_call" ON "supervisor"."audit_events" USING btree ("call");--> statement-breakpoint
INSERT INTO "supervisor"."grants" ("token_id", "paths", "actions") SELECT "id", coalesce("project" || '/**', '**'), "scopes" FROM "supervisor"."tokens";
