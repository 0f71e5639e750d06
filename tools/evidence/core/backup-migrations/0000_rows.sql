CREATE TABLE "supervisor"."evidence" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"n" bigint, "t" text, "b" bytea, "at" timestamp with time zone, "list" text[], "j" jsonb, "d" double precision, "exact" numeric, "u" uuid
);
