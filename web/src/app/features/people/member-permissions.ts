import { MemberRole } from '../../core/api/generated/models';

/** Whether a member of a group may change what it is called and who is in it. */
export function mayManage(role: MemberRole | undefined): boolean {
  return role === 'owner' || role === 'admin';
}

/** The roles that one may give, and to whose holders one may do something. */
export function grantableRoles(role: MemberRole | undefined): readonly MemberRole[] {
  switch (role) {
    case 'owner':
      return ['owner', 'admin', 'member', 'readOnly'];
    case 'admin':
      return ['member', 'readOnly'];
    default:
      return [];
  }
}
