-- The demo has no sign-in: everybody may read, nobody may write but the API, which connects as the owner.

alter table public.profiles enable row level security;
alter table public.goals enable row level security;
alter table public.check_ins enable row level security;
alter table public.daily_motivations enable row level security;
alter table public.daily_summaries enable row level security;
alter table public.partners enable row level security;

create policy "everybody reads" on public.profiles for select to anon, authenticated using (true);
create policy "everybody reads" on public.goals for select to anon, authenticated using (true);
create policy "everybody reads" on public.check_ins for select to anon, authenticated using (true);
create policy "everybody reads" on public.daily_motivations for select to anon, authenticated using (true);
create policy "everybody reads" on public.daily_summaries for select to anon, authenticated using (true);
create policy "everybody reads" on public.partners for select to anon, authenticated using (true);

grant select on public.profiles, public.goals, public.check_ins, public.daily_motivations, public.daily_summaries,
  public.partners to anon, authenticated;
