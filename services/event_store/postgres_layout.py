"""What a schema of PostgreSQL consists of: each table, index, constraint, trigger and function, with what it is.

Two schemas are alike when their descriptions are; the name of the schema does not count. The catalogue is read as it
is, not as the statements that would make it again: those do not tell that a trigger is switched off. A description is
an object whose keys are told where two differ.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import psycopg
from psycopg.rows import tuple_row
from psycopg.sql import Identifier

TEMPORARY = "pg_temp"
"""The schema of a session's temporary tables: whoever may read a book may mostly make these, but no schema."""

# NOT NULL is told with its column: it is a constraint as well only from PostgreSQL 18 on. A table made temporary
# differs from a book's in its persistence, so it is only asked whether one is unlogged. What no book has is told by its
# name. A function names its own schema, which stands in braces here, as in no function that works.
_PARTS = """
WITH here AS (
    SELECT CASE WHEN %(schema)s::text = 'pg_temp' THEN pg_my_temp_schema()
        ELSE (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s::text) END AS schema
)
SELECT CASE relkind WHEN 'r' THEN 'table ' WHEN 'v' THEN 'view ' WHEN 'S' THEN 'sequence ' ELSE 'relation ' END
        || relname,
    (jsonb_build_object('kind', relkind, 'UNLOGGED', relpersistence = 'u', 'row security', relrowsecurity,
        'forced row security', relforcerowsecurity,
        'inheritance', EXISTS (SELECT FROM pg_inherits WHERE oid IN (inhparent, inhrelid)))
    || (SELECT jsonb_build_object('columns', jsonb_agg(attname ORDER BY attnum)) || coalesce(jsonb_object_agg(
            'column ' || attname, jsonb_build_array(format_type(atttypid, atttypmod), attnotnull, attidentity,
                attgenerated, attcollation, pg_get_expr(adbin, adrelid))), '{}')
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped))::text
    FROM pg_class, here WHERE relnamespace = schema AND relkind NOT IN ('c', 'i', 'I', 't')
UNION ALL SELECT 'index ' || i.relname,
    jsonb_build_object('table', t.relname, 'unique', indisunique, 'valid', indisvalid, 'live', indislive,
        'immediate', indimmediate, 'operators', indclass::text, 'condition', pg_get_expr(indpred, indrelid), 'columns',
        (SELECT jsonb_agg(pg_get_indexdef(indexrelid, n, false) ORDER BY n) FROM generate_series(1, indnatts) n))::text
    FROM here, pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
    WHERE t.relnamespace = schema
UNION ALL SELECT 'constraint ' || conname || coalesce(' of ' || relname, ''),
    jsonb_build_object('definition', pg_get_constraintdef(pg_constraint.oid))::text
    FROM here, pg_constraint LEFT JOIN pg_class ON pg_class.oid = conrelid
    WHERE connamespace = schema AND contype <> 'n'
UNION ALL SELECT 'trigger ' || tgname || ' of ' || relname,
    jsonb_build_object('moment', tgtype, 'switched on or off', tgenabled, 'deferrable', tgdeferrable, 'deferred',
        tginitdeferred, 'columns', tgattr::text, 'arguments', encode(tgargs, 'hex'), 'condition',
        pg_get_expr(tgqual, tgrelid), 'transition tables', jsonb_build_array(tgoldtable, tgnewtable), 'function',
        jsonb_build_array(proname, pronamespace = schema))::text
    FROM here, pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE relnamespace = schema AND NOT tgisinternal
UNION ALL SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
    jsonb_build_object('kind', prokind, 'language', lanname, 'SECURITY DEFINER', prosecdef, 'STRICT', proisstrict,
        'volatility', provolatile, 'settings', proconfig::text, 'returned type',
        jsonb_build_array(proretset, format_type(prorettype, NULL)), 'body',
        replace(prosrc, %(quoted)s, '{schema}'))::text
    FROM here, pg_proc JOIN pg_language ON pg_language.oid = prolang WHERE pronamespace = schema
UNION ALL SELECT 'rule ' || rulename || ' of ' || relname, '{}'
    FROM here, pg_rewrite JOIN pg_class ON pg_class.oid = ev_class WHERE relnamespace = schema AND relkind = 'r'
UNION ALL SELECT 'policy ' || polname || ' of ' || relname, '{}'
    FROM here, pg_policy JOIN pg_class ON pg_class.oid = polrelid WHERE relnamespace = schema
"""


def parts(connection: psycopg.Connection[Any], schema: str) -> dict[str, str]:
    """Return what each part of a schema is, by kind and name; of the session's temporary tables, for `TEMPORARY`."""
    asked = {"schema": schema, "quoted": Identifier(schema).as_string()}
    return dict(connection.cursor(row_factory=tuple_row).execute(_PARTS, asked).fetchall())


def with_detail(trouble: str, found: Mapping[str, str], made: Mapping[str, str]) -> str:
    """Return a trouble, and of a part that was changed what it is that differs."""
    name = trouble.removesuffix(" was changed")
    if name not in found or name not in made:
        return trouble
    here, there = (msgspec.json.decode(parts[name], type=dict[str, Any]) for parts in (found, made))
    differing = sorted(key for key in here.keys() | there.keys() if here.get(key) != there.get(key))
    return f"{trouble}: {', '.join(differing)}"
