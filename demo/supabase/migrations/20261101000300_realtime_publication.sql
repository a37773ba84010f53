-- Supabase Realtime sends the changes of the tables in this publication.

do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end $$;

alter publication supabase_realtime add table
  public.goals, public.check_ins, public.daily_motivations, public.daily_summaries, public.partners;
